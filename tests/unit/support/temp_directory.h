// A directory of a test's own, with what tests put into it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "core/base/unique_fd.h"

namespace npyfs {

// Removed with all it holds when it goes out of scope. Its path holds no symbolic links.
class TempDirectory {
 public:
  TempDirectory() {
    std::string pattern = std::filesystem::canonical(testing::TempDir()) / "npyfs-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) ADD_FAILURE() << "mkdtemp " << pattern;
    path_ = pattern;
  }
  explicit TempDirectory(const std::string& parent) {
    std::string pattern = parent + "/npyfs-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) ADD_FAILURE() << "mkdtemp " << pattern;
    path_ = pattern;
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }
  std::string path(std::string_view name) const { return path_ + "/" + std::string(name); }

  // Writes or rewrites a file in place, so that it keeps its inode. Makes the directories on the way to it.
  void write(std::string_view name, std::string_view bytes) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream file(path(name), std::ios::binary | std::ios::trunc);
    file << bytes;
    ASSERT_TRUE(file.flush().good()) << name;
  }
  // Writes bytes at an offset of a file, whose size stays what it is.
  void overwrite(std::string_view name, std::uint64_t offset, std::string_view bytes) const {
    std::fstream file(path(name), std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(offset));
    file << bytes;
    ASSERT_TRUE(file.flush().good()) << name;
  }
  std::string read(std::string_view name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  // How many names are in it.
  std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(path_), std::filesystem::directory_iterator()));
  }
  std::uint64_t size(std::string_view name) const { return std::filesystem::file_size(path(name)); }
  // Puts a new file in the place of another, as editors and np.save through a temporary name do.
  void replace(std::string_view name, std::string_view bytes) const {
    write("replacement", bytes);
    std::filesystem::rename(path("replacement"), path(name));
  }
  void make_directory(std::string_view name) const { std::filesystem::create_directories(path(name)); }
  void make_link(std::string_view name, const std::string& target) const {
    std::filesystem::create_symlink(target, path(name));
  }
  void truncate(std::string_view name, std::uint64_t size) const { std::filesystem::resize_file(path(name), size); }

 private:
  std::string path_;
};

inline struct stat stat_of(const std::string& path) {
  struct stat status = {};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
  return status;
}

inline std::size_t open_descriptors() {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator()));
}

}  // namespace npyfs
