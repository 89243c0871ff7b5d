// A source directory with a file, one in a directory, and one outside.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/paths/source_root.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {

inline std::string content(const UniqueFd& fd) {
  std::string bytes(100, '\0');
  const ssize_t got = ::pread(fd.get(), bytes.data(), bytes.size(), 0);
  bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return bytes;
}

class SourceRootTest : public testing::Test {
 protected:
  SourceRootTest() {
    directory_.write("root/file", "inside");
    directory_.write("root/sub/file", "deep");
    directory_.write("outside/file", "outside");
  }

  SourceRoot root(Symlinks links = Symlinks::kWithinRoot) const {
    auto opened = SourceRoot::open(directory_.path("root"), links, Users::kOwner);
    if (!opened) throw std::runtime_error(to_message(opened.error()));
    return std::move(*opened);
  }

  // What open_file() finds: the file's bytes, or the name of its errno.
  static std::string read(const SourceRoot& root, const std::string& path) {
    const auto fd = root.open_file(path);
    return fd ? content(*fd) : ::strerrorname_np(to_errno(fd.error()));
  }

  const TempDirectory directory_;
};

}  // namespace npyfs
