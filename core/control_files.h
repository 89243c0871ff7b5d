// The files of .npyfs/, in which the daemon speaks of itself.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace npyfs {

// A file whose text is made anew each time it is opened. `text` is called from many threads.
struct ControlFile {
  std::string name;
  std::function<std::string()> text;
};

using ControlFiles = std::vector<ControlFile>;

inline constexpr std::string_view kControlDirectoryName = ".npyfs";

}  // namespace npyfs
