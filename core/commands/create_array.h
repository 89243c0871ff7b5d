// npyfs --create: creates an array of zeros, for other programs to fill.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace npyfs {

// Creates the file `path`: an array of zeros whose data begin at a page edge (kDataPage). Reserves its space, if the
// filesystem can do so. When this returns, the file is complete and on stable storage; after an error it does not
// exist. Never overwrites a file. `dtype` is a type string ('<f4', 'float32') or a list of fields as numpy writes it.
// kInvalidArgument if dtype or shape give an array of which no slice can be served; otherwise kSystem.
Result<void> create_array(const std::string& path, std::string_view dtype, bool fortran_order,
                          std::span<const std::uint64_t> shape);

}  // namespace npyfs
