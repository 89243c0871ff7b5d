// An array in a source directory, with whatever bytes a test wants it to have, and paths below its directory.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/array/array_directory.h"
#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {

class ArrayStateTest : public testing::Test {
 protected:
  ArrayStateTest() : root_(*SourceRoot::open(directory_.path(), Symlinks::kWithinRoot, Users::kOwner)) {}

  ArrayState array(const std::string& bytes) const {
    directory_.write("dir/a.npy", bytes);
    auto file = NpyFile::open(root_, "dir/a.npy", SourceIo::kMmap, mappings_, WrittenHere::kNo);
    return {SourceStatus{stat_of(directory_.path("dir/a.npy"))}, std::move(file),
            root_.path_of(std::make_shared<const std::string>("dir/a.npy"))};
  }
  ArrayState array_of(const std::vector<std::uint64_t>& shape) const { return array(npy_bytes({.shape = shape})); }
  // Of this shape, with fields a: <i4, b: <f8 (2, 3), and c, which has fields x: <i2 and y: <i2.
  ArrayState structured(const std::vector<std::uint64_t>& shape) const {
    return array(npy_bytes(
        {"[('a', '<i4'), ('b', '<f8', (2, 3)), ('c', [('x', '<i2'), ('y', '<i2')])]", 4 + 48 + 4, false, shape}));
  }
  ArrayState truncated() const { return array(npy_bytes({.shape = {100}}).substr(0, 528)); }
  ArrayState damaged() const { return array("no array"); }
  ArrayState unreadable() const {
    return {SourceStatus{stat_of(directory_.path())},
            std::unexpected(system_error("dir/a.npy", "open", EACCES)),
            {std::make_shared<const std::string>("/data"), std::make_shared<const std::string>("dir/a.npy")}};
  }

  // What a path below the array's directory leads to, looked up one component at a time.
  static Result<VirtualPath> find(std::string_view path, const ArrayState& array) {
    VirtualPath found;
    while (!path.empty()) {
      const std::string_view component = path.substr(0, path.find('/'));
      auto next = find_name(found, component, array);
      if (!next) return std::unexpected(next.error());
      found = std::move(next->path);
      path.remove_prefix(std::min(component.size() + 1, path.size()));
    }
    return found;
  }

  const TempDirectory directory_;
  const SourceRoot root_;
  const std::shared_ptr<MappingCache> mappings_ = std::make_shared<MappingCache>(1 << 20, 1);
};

}  // namespace npyfs
