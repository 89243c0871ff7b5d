// Making an array for others to fill: npyfs --create.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace npyfs {

// Writes the file `path`: an array of zeros whose data begin on an edge of a page (kDataPage), with its space reserved
// where the filesystem can do so. It is complete and on stable storage when this returns, and not there at all where
// this fails; nothing is ever overwritten. `dtype` is a type string ('<f4', 'float32') or a list of fields as numpy
// writes it. kInvalidArgument where dtype or shape make no array that slices can be served of; otherwise kSystem.
Result<void> create_array(const std::string& path, std::string_view dtype, bool fortran_order,
                          std::span<const std::uint64_t> shape);

}  // namespace npyfs
