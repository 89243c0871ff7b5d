// The path of something in the source, for messages, info.json and inode numbers.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace npyfs {

// Shares both parts, and joins them only where the absolute path is asked for: most requests never do. May outlive the
// source root.
struct SourcePath {
  std::shared_ptr<const std::string> root;      // absolute, without trailing '/'; "" is the root of the filesystem
  std::shared_ptr<const std::string> relative;  // to the root; "" is the root itself

  std::string absolute() const { return absolute(*root, *relative); }
  static std::string absolute(std::string_view root, std::string_view relative) {
    std::string path(root);
    if (!relative.empty() || root.empty()) path += '/';
    return path += relative;
  }
};

}  // namespace npyfs
