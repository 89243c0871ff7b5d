// A tree over a directory of a test's own, asked by path.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/tree/tree.h"
#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {

class TreeTest : public testing::Test {
 protected:
  explicit TreeTest(const TreeOptions& options = {.default_chunks = 3}, Users users = Users::kOwner)
      : tree_(std::move(*SourceRoot::open(directory_.path(), Symlinks::kWithinRoot, users)), options,
              {{"version", [] { return std::string("1\n"); }},
               {"asked", [this] { return std::to_string(++asked_) + "\n"; }}}) {}

  // Looks up each component of `path`, as the kernel does. The lookups are counted and never forgotten.
  Result<Entry> look_up(std::string_view path) {
    Result<Entry> entry = Entry{kRootNode, {}};
    while (entry && !path.empty()) {
      const std::size_t slash = path.find('/');
      entry = tree_.lookup(entry->node, path.substr(0, slash));
      path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    }
    return entry;
  }

  NodeId node(std::string_view path) {
    const auto entry = look_up(path);
    if (!entry) ADD_FAILURE() << path << ": " << to_message(entry.error());
    return entry ? entry->node : 0;
  }

  // What a reader gets, in requests of 1,000 bytes; "error: ERRNO" where it fails.
  std::string read(const OpenFile& file) {
    std::string bytes;
    Pieces pieces;
    while (true) {
      if (const auto result = tree_.read(file, bytes.size(), 1000, pieces); !result) {
        return std::string("error: ") + ::strerrorname_np(to_errno(result.error()));
      }
      if (pieces.size() == 0) return bytes;
      for (const iovec& piece : pieces.iovecs()) bytes.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
    }
  }

  // Looks up, opens, reads and closes.
  std::string read(std::string_view path) {
    const auto entry = look_up(path);
    if (!entry) return std::string("lookup: ") + ::strerrorname_np(to_errno(entry.error()));
    const auto file = tree_.open(entry->node);
    if (!file) return std::string("open: ") + ::strerrorname_np(to_errno(file.error()));
    const std::string bytes = read(**file);
    tree_.close(**file);
    return bytes;
  }

  static std::vector<std::string> list(Listing& listing) {
    std::vector<std::string> names;
    EXPECT_TRUE(listing.read(0, [&](const ListedName& name) {
      names.emplace_back(name.name);
      return true;
    }));
    return names;
  }

  const TempDirectory directory_;
  std::atomic<int> asked_ = 0;
  Tree tree_;
};

}  // namespace npyfs
