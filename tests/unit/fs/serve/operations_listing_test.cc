// Directories as the kernel reads them.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/support/operations_fixture.h"

namespace npyfs {
namespace {

struct Named {
  std::string name;
  std::uint64_t inode;
  unsigned type;  // DT_*
  std::uint64_t next;
  std::uint64_t node;  // readdirplus
  std::uint64_t size;  // readdirplus
};

std::size_t padded(std::size_t size) {
  return (size + 7) / 8 * 8;
}

std::vector<Named> names_in(std::string_view reply, bool plus) {
  std::vector<Named> names;
  while (!reply.empty()) {
    fuse_entry_out entry = {};
    if (plus) {
      entry = structure_in<fuse_entry_out>(reply);
      reply.remove_prefix(sizeof entry);
    }
    const auto header = structure_in<fuse_dirent>(reply);
    names.push_back({std::string(reply.substr(FUSE_NAME_OFFSET, header.namelen)), header.ino, header.type, header.off,
                     entry.nodeid, entry.attr.size});
    reply.remove_prefix(padded(FUSE_NAME_OFFSET + header.namelen));
  }
  return names;
}

class OperationsListingTest : public OperationsTest {
 protected:
  // Reads a directory to its end in replies of `size` bytes.
  std::vector<Named> list(std::uint64_t directory, std::uint32_t size, fuse_opcode opcode = FUSE_READDIR) {
    const std::uint64_t handle = handle_in(open(directory, O_RDONLY, FUSE_OPENDIR));
    std::vector<Named> all;
    while (true) {
      const auto reply = read(directory, handle, all.empty() ? 0 : all.back().next, size, opcode);
      EXPECT_EQ(reply.error, 0);
      EXPECT_LE(reply.body.size(), size);
      const auto names = names_in(reply.body, opcode == FUSE_READDIRPLUS);
      if (names.empty()) break;
      all.insert(all.end(), names.begin(), names.end());
    }
    EXPECT_EQ(release(directory, handle, FUSE_RELEASEDIR).error, 0);
    return all;
  }
};

TEST_F(OperationsListingTest, ListsEveryNameOnceWhateverTheBuffer) {
  for (int i = 0; i < 100; ++i) directory_.write("file" + std::to_string(i), "");
  for (const std::uint32_t size : {64u, 100u, 1000u, 4096u, 1u << 20}) {
    std::set<std::string> names;
    for (const auto& named : list(kRootNode, size)) EXPECT_TRUE(names.insert(named.name).second) << named.name;
    EXPECT_EQ(names.size(), 104u);
    EXPECT_TRUE(names.contains("a.npy"));
  }
}

TEST_F(OperationsListingTest, SaysWhatKindEachNameIs) {
  std::map<std::string, unsigned> types;
  for (const auto& named : list(kRootNode, 4096)) types[named.name] = named.type;
  EXPECT_EQ(types["a.npy"], unsigned{DT_DIR});
  EXPECT_EQ(types["notes.txt"], unsigned{DT_REG});
  EXPECT_EQ(types["."], unsigned{DT_DIR});
}

TEST_F(OperationsListingTest, ListsTheChunksOfANamedCountInOrder) {
  std::string previous;
  std::size_t count = 0;
  for (const auto& named : list(node("a.npy/chunks/1000"), 512)) {
    if (named.name[0] == '.') continue;
    EXPECT_LT(previous, named.name);
    previous = named.name;
    ++count;
  }
  EXPECT_EQ(count, 1000u);
  EXPECT_EQ(previous, "999_of_1000.npy");
}

TEST_F(OperationsListingTest, WithAttributesItLooksUpWhatItLists) {
  const auto names = list(node("a.npy/chunks/5"), 1000, FUSE_READDIRPLUS);
  ASSERT_EQ(names.size(), 7u);
  for (const auto& named : names) {
    if (named.name[0] == '.') {
      EXPECT_EQ(named.node, 0u) << "never looked up";
      continue;
    }
    EXPECT_EQ(named.node, node("a.npy/chunks/" + named.name));
    EXPECT_EQ(named.size, 128u + 2 * 7 * 4);
  }
}

TEST_F(OperationsListingTest, WithAttributesItCountsOneLookupForEachNameListed) {
  const std::uint64_t chunks = node("a.npy/chunks");
  const std::size_t before = mount_.tree.node_count();
  // So small that most replies end at a name that does not fit.
  const auto names = list(chunks, 400, FUSE_READDIRPLUS);
  EXPECT_EQ(mount_.tree.node_count(), before + 3);
  for (const auto& named : names) {
    if (named.node != 0) forget(named.node, 1);
  }
  EXPECT_EQ(mount_.tree.node_count(), before) << "a name that did not fit was looked up";
}

TEST_F(OperationsListingTest, ANameThatCannotBeLookedUpIsListedAllTheSame) {
  const std::uint64_t handle = handle_in(open(kRootNode, O_RDONLY, FUSE_OPENDIR));
  // Listed by the source's directory stream from before; gone when it is looked up.
  const auto first = read(kRootNode, handle, 0, 160, FUSE_READDIRPLUS);
  ASSERT_EQ(first.error, 0);
  std::filesystem::remove(directory_.path("notes.txt"));
  std::filesystem::remove(directory_.path("a.npy"));
  EXPECT_EQ(read(kRootNode, handle, names_in(first.body, true).back().next, 4096, FUSE_READDIRPLUS).error, 0);
  release(kRootNode, handle, FUSE_RELEASEDIR);
}

TEST_F(OperationsListingTest, TakesBackLookupsThatTheKernelDoesNotGetToKnow) {
  const std::uint64_t chunks = node("a.npy/chunks");
  const std::uint64_t handle = handle_in(open(chunks, O_RDONLY, FUSE_OPENDIR));
  const std::size_t before = mount_.tree.node_count();
  kernel_.hang_up_before_replies();
  EXPECT_FALSE(read(chunks, handle, 0, 4096, FUSE_READDIRPLUS).came);
  EXPECT_EQ(mount_.tree.node_count(), before);
}

TEST_F(OperationsListingTest, WhatIsNoDirectoryCannotBeListed) {
  EXPECT_EQ(open(node("notes.txt"), O_RDONLY, FUSE_OPENDIR).error, ENOTDIR);
  EXPECT_EQ(open(node("a.npy/source.npy"), O_RDONLY, FUSE_OPENDIR).error, ENOTDIR);
  EXPECT_EQ(open(999, O_RDONLY, FUSE_OPENDIR).error, ESTALE);
}

}  // namespace
}  // namespace npyfs
