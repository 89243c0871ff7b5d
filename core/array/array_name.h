// Which files of the source hold arrays, by their names. Only these are opened to look for an array.
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace npyfs {

// Further endings of the names of arrays, beside ".npy": ".cs". Each is one that check_array_suffix() takes.
using ArraySuffixes = std::vector<std::string>;

// Whether a file of the source with this name and type (S_IFMT bits) is an archive, and so a directory of arrays.
bool is_archive_name(std::string_view name, mode_t type);

// Whether a file of the source, or a member of an archive, is an array, and so a directory of the mount. An archive is
// none, whatever the suffixes are.
bool is_array_name(std::string_view name, mode_t type, const ArraySuffixes& suffixes = {});

// kInvalidArgument unless `suffix` begins with a dot, has something behind it, and neither '/' nor NUL. `option` is the
// subject of errors.
Result<void> check_array_suffix(const std::string& option, std::string_view suffix);

}  // namespace npyfs
