// The extended attributes of a view.
#pragma once

#include <string>
#include <vector>

#include "core/array/array_directory.h"
#include "core/array/virtual_path.h"
#include "core/base/error.h"

namespace npyfs {

struct ExtendedAttribute {
  std::string name;   // user.npyfs.*
  std::string value;  // text, without a final newline or NUL
};

// Longer values are left out: ext4 takes about 4 KiB of attributes a file, and cp -a, rsync -X and shutil.copy2 fail if
// it does not take all of them.
inline constexpr std::size_t kMaxAttributeSize = 1024;  // bytes

// None of what is no view. Errors as find_name().
Result<std::vector<ExtendedAttribute>> extended_attributes(const VirtualPath& path, const ArrayState& array);

}  // namespace npyfs
