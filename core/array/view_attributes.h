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

// Attributes with longer values are left out: ext4 stores about 4 KiB of attributes for each file, and cp -a, rsync -X
// and shutil.copy2 fail if it cannot store all of them.
inline constexpr std::size_t kMaxAttributeSize = 1024;  // bytes

// Empty if the path is not a view. Errors as find_name().
Result<std::vector<ExtendedAttribute>> extended_attributes(const VirtualPath& path, const ArrayState& array);

}  // namespace npyfs
