// Which files of the source hold arrays, by their names. Only these are opened to look for an array.
#pragma once

#include <sys/stat.h>

#include <string_view>

namespace npyfs {

// Whether a file of the source with this name and type (S_IFMT bits) is an array, and so a directory of the mount.
inline bool is_array_name(std::string_view name, mode_t type) {
  return S_ISREG(type) && name.ends_with(".npy");
}

}  // namespace npyfs
