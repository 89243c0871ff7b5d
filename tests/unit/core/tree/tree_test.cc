#include "core/tree/tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/support/tree_fixture.h"

namespace npyfs {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

const TestArray kArray{"'<i4'", 4, false, {10, 7}};

TEST_F(TreeTest, EveryPathHoldsWhatItSays) {
  for (const bool fortran_order : {false, true}) {
    TestArray array = kArray;
    array.fortran_order = fortran_order;
    const std::string data = pattern_bytes(array.data_size());
    directory_.write("sub/a.npy", npy_bytes(array));
    const auto body = [&](std::size_t axis, RowRange rows) { return slice_bytes(array, data, axis, rows); };
    EXPECT_EQ(read("sub/a.npy/chunks/1_of_3.bin"), body(0, {4, 7}));
    EXPECT_EQ(read("sub/a.npy/chunks/3/1_of_3.bin"), body(0, {4, 7}));
    EXPECT_EQ(read("sub/a.npy/axis0/chunks/3/1_of_3.bin"), body(0, {4, 7}));
    EXPECT_EQ(read("sub/a.npy/slices/2_to_9.bin"), body(0, {2, 9}));
    EXPECT_EQ(read("sub/a.npy/axis1/chunks/2_of_3.bin"), body(1, {5, 7}));
    EXPECT_EQ(read("sub/a.npy/axis1/slices/0_to_7.bin"), body(1, {0, 7}));
    EXPECT_EQ(read("sub/a.npy/chunks/11_of_12.bin"), "");
    const std::string npy = read("sub/a.npy/axis1/chunks/2_of_3.npy");
    EXPECT_EQ(npy.substr(0, 6), "\x93NUMPY");
    EXPECT_EQ(npy.substr(128), body(1, {5, 7}));
    EXPECT_EQ(read("sub/a.npy/source.npy"), npy_bytes(array));
    EXPECT_EQ(read("sub/a.npy/info.json").front(), '{');
  }
}

TEST_F(TreeTest, MirrorsWhatIsNoArray) {
  directory_.write("sub/notes.txt", "hello");
  directory_.make_link("link", "sub/notes.txt");
  directory_.make_link("leaves", "/etc/passwd");
  directory_.make_directory("directory.npy");
  EXPECT_EQ(read("sub/notes.txt"), "hello");
  EXPECT_EQ(read("link"), "hello");
  EXPECT_TRUE(S_ISDIR(look_up("directory.npy")->attributes.st_mode));
  EXPECT_EQ(read("directory.npy/chunks"), "lookup: ENOENT");
  const auto leaves = look_up("leaves");
  ASSERT_TRUE(leaves);
  EXPECT_TRUE(S_ISLNK(leaves->attributes.st_mode));
  EXPECT_EQ(*tree_.read_link(leaves->node), "/etc/passwd");
  EXPECT_EQ(look_up("sub")->attributes.st_ino, stat_of(directory_.path("sub")).st_ino);
}

TEST_F(TreeTest, NamesThatMeanNothingAreNotFound) {
  directory_.write("a.npy", npy_bytes(kArray));
  directory_.write("notes.txt", "hello");
  for (const char* path : {"missing", "a.npy/chunks/16_of_16.npy", "a.npy/chunks/3_of_0.npy", "a.npy/slices/5_to_4.npy",
                           "a.npy/slices/0_to_11.npy", "a.npy/axis2", "a.npy/error.txt", "a.npy/missing"}) {
    EXPECT_EQ(read(path), "lookup: ENOENT") << path;
  }
  EXPECT_EQ(read("notes.txt/x"), "lookup: ENOTDIR");
  EXPECT_EQ(read("a.npy"), "open: EISDIR");
  EXPECT_EQ(read("a.npy/chunks"), "open: EISDIR");
  EXPECT_EQ(to_errno(tree_.open_directory(node("notes.txt")).error()), ENOTDIR);
  EXPECT_EQ(to_errno(tree_.open_directory(node("a.npy/source.npy")).error()), ENOTDIR);
}

TEST_F(TreeTest, UnknownNodesAreStale) {
  constexpr NodeId kUnknown = 999;
  EXPECT_EQ(tree_.lookup(kUnknown, "x").error().kind, ErrorKind::kStale);
  EXPECT_EQ(tree_.attributes(kUnknown).error().kind, ErrorKind::kStale);
  EXPECT_EQ(tree_.open(kUnknown).error().kind, ErrorKind::kStale);
  EXPECT_EQ(tree_.open_directory(kUnknown).error().kind, ErrorKind::kStale);
  EXPECT_EQ(tree_.read_link(kUnknown).error().kind, ErrorKind::kStale);
  EXPECT_EQ(tree_.extended_attributes(kUnknown).error().kind, ErrorKind::kStale);
}

TEST_F(TreeTest, NamesOfOneFileAreOneNodeAndOneInode) {
  directory_.write("a.npy", npy_bytes(kArray));
  const NodeId chunk = node("a.npy/chunks/3_of_16.npy");
  for (const char* name : {"a.npy/chunks/03_of_16.npy", "a.npy/chunks/16/03_of_16.npy", "a.npy/chunks/016/3_of_16.npy",
                           "a.npy/axis0/chunks/3_of_16.npy", "a.npy/axis00/chunks/16/3_of_16.npy"}) {
    EXPECT_EQ(node(name), chunk) << name;
  }
  // The kernel knows a directory by one name only.
  const auto plain = look_up("a.npy/chunks/16");
  const auto padded = look_up("a.npy/chunks/016");
  EXPECT_NE(plain->node, padded->node);
  EXPECT_NE(plain->attributes.st_ino, padded->attributes.st_ino);
  EXPECT_NE(node("a.npy/axis1/chunks"), node("a.npy/axis01/chunks"));
}

TEST_F(TreeTest, AttributesAreThoseOfLookupAndOpen) {
  directory_.write("a.npy", npy_bytes(kArray));
  directory_.write("notes.txt", "hello");
  for (const char* path : {"a.npy/chunks/1_of_3.npy", "a.npy/source.npy", "notes.txt", "a.npy", "a.npy/chunks"}) {
    const auto entry = look_up(path);
    const auto attributes = tree_.attributes(entry->node);
    ASSERT_TRUE(attributes) << path;
    EXPECT_EQ(attributes->st_ino, entry->attributes.st_ino) << path;
    EXPECT_EQ(attributes->st_size, entry->attributes.st_size) << path;
    EXPECT_EQ(attributes->st_mode, entry->attributes.st_mode) << path;
    EXPECT_EQ(attributes->st_mtim.tv_nsec,
              stat_of(directory_.path(std::string(path).substr(0, 1) == "a" ? "a.npy" : "notes.txt")).st_mtim.tv_nsec);
  }
  EXPECT_EQ(look_up("a.npy/chunks/1_of_3.npy")->attributes.st_size, 128 + 3 * 7 * 4);
  EXPECT_TRUE(S_ISDIR(tree_.attributes(kRootNode)->st_mode));
}

TEST_F(TreeTest, ForgetsWhatTheKernelForgets) {
  directory_.write("a.npy", npy_bytes(kArray));
  std::vector<NodeId> looked_up;
  NodeId parent = kRootNode;
  for (const char* name : {"a.npy", "axis1", "chunks", "3", "1_of_3.npy"}) {
    const auto entry = tree_.lookup(parent, name);
    ASSERT_TRUE(entry) << name;
    parent = entry->node;
    looked_up.push_back(parent);
  }
  EXPECT_EQ(tree_.node_count(), 6u);
  ASSERT_FALSE(tree_.lookup(looked_up[2], "5_of_3.npy")) << "what is not found leaves nothing behind";
  EXPECT_EQ(tree_.node_count(), 6u);
  for (const NodeId id : looked_up) tree_.forget(id, 1);
  EXPECT_EQ(tree_.node_count(), 1u);
  EXPECT_EQ(tree_.attributes(looked_up[4]).error().kind, ErrorKind::kStale);
}

TEST_F(TreeTest, ListsDirectories) {
  directory_.write("a.npy", npy_bytes(kArray));
  directory_.write("notes.txt", "");
  const auto listed = [&](const char* path) { return list(**tree_.open_directory(node(path))); };
  EXPECT_THAT(listed(""), UnorderedElementsAre(".", "..", "a.npy", "notes.txt")) << ".npyfs is never listed";
  EXPECT_THAT(listed("a.npy"), ElementsAre(".", "..", "axis0", "axis1", "batches", "chunks", "index", "slices",
                                           "info.json", "source.npy"));
  EXPECT_THAT(listed("a.npy/chunks"), ElementsAre(".", "..", "0_of_3.npy", "1_of_3.npy", "2_of_3.npy"));
  EXPECT_THAT(listed("a.npy/chunks/2"), ElementsAre(".", "..", "0_of_2.npy", "1_of_2.npy"));
  EXPECT_THAT(listed("a.npy/axis1/chunks"), ElementsAre(".", ".."));
  EXPECT_THAT(listed(".npyfs"), ElementsAre(".", "..", "version", "asked"));
}

TEST_F(TreeTest, ListingOpensNoFile) {
  for (int i = 0; i < 20; ++i) directory_.write("a" + std::to_string(i) + ".npy", npy_bytes(kArray));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(look_up("a" + std::to_string(i) + ".npy"));
  EXPECT_EQ(list(**tree_.open_directory(kRootNode)).size(), 22u);
  EXPECT_EQ(tree_.open_source_count(), 0u);
}

TEST_F(TreeTest, ADamagedArrayKeepsItsBytesAndSaysWhatIsWrong) {
  const std::string bytes = npy_bytes({.shape = {100}}).substr(0, 528);
  directory_.write("bad.npy", bytes);
  EXPECT_EQ(read("bad.npy/source.npy"), bytes);
  EXPECT_EQ(read("bad.npy/error.txt"),
            "bad.npy: the header promises 800 bytes of data (shape (100,), descr '<f8'), the file holds 400\n");
  EXPECT_EQ(read("bad.npy/chunks"), "lookup: ENOENT");
  EXPECT_THAT(list(**tree_.open_directory(node("bad.npy"))),
              ElementsAre(".", "..", "error.txt", "info.json", "source.npy"));
  directory_.replace("bad.npy", npy_bytes(kArray));
  EXPECT_EQ(read("bad.npy/error.txt"), "lookup: ENOENT") << "repaired";
  EXPECT_EQ(read("bad.npy/chunks/0_of_1.bin"), pattern_bytes(kArray.data_size()));
}

TEST_F(TreeTest, ViewsCarryAttributes) {
  directory_.write("a.npy", npy_bytes(kArray));
  const auto attributes = tree_.extended_attributes(node("a.npy/axis1/slices/2_to_5.npy"));
  ASSERT_TRUE(attributes);
  ASSERT_EQ(attributes->size(), 7u);
  EXPECT_EQ((*attributes)[4].name, "user.npyfs.index");
  EXPECT_EQ((*attributes)[4].value, "a[:, 2:5]");
  EXPECT_EQ((*attributes)[5].name, "user.npyfs.shape");
  EXPECT_EQ((*attributes)[5].value, "(10, 3)");
  for (const char* path : {"", "a.npy", "a.npy/chunks", "a.npy/source.npy", ".npyfs"}) {
    EXPECT_TRUE(tree_.extended_attributes(node(path))->empty()) << path;
  }
}

TEST_F(TreeTest, TheDaemonSpeaksOfItself) {
  EXPECT_EQ(read(".npyfs/version"), "1\n");
  EXPECT_EQ(read(".npyfs/missing"), "lookup: ENOENT");
  const NodeId asked = node(".npyfs/asked");
  const auto first = tree_.open(asked);
  const std::string text = read(**first);
  EXPECT_EQ(read(**first), text) << "what is open stays as it is";
  const auto second = tree_.open(asked);
  EXPECT_NE(read(**second), text) << "each open has a text of its own";
  EXPECT_EQ((*first)->attributes.st_size, static_cast<off_t>(text.size()));
  EXPECT_TRUE((*first)->is_generated_anew);
  tree_.close(**first);
  tree_.close(**second);
  EXPECT_TRUE(S_ISDIR(look_up(".npyfs")->attributes.st_mode));
  EXPECT_EQ(look_up(".npyfs/version")->attributes.st_mode, mode_t{S_IFREG | 0444});
}

TEST_F(TreeTest, ItsOwnDirectoryHidesOneOfTheSource) {
  directory_.write(".npyfs/version", "of the source");
  directory_.write("sub/.npyfs/version", "of the source");
  EXPECT_EQ(read(".npyfs/version"), "1\n");
  EXPECT_EQ(read("sub/.npyfs/version"), "of the source") << "only in the root";
}

TEST_F(TreeTest, EveryNodeIsOnTheSourcesFilesystem) {
  directory_.write("a.npy", npy_bytes(kArray));
  directory_.write("notes.txt", "");
  struct statvfs source;
  ASSERT_EQ(::statvfs(directory_.path().c_str(), &source), 0);
  for (const char* path : {"", "a.npy", "a.npy/chunks/0_of_1.npy", "notes.txt", ".npyfs", ".npyfs/version"}) {
    const auto status = tree_.filesystem_status(node(path));
    ASSERT_TRUE(status) << path << ": " << to_message(status.error());
    EXPECT_EQ(status->f_fsid, source.f_fsid) << path;
    EXPECT_EQ(status->f_blocks, source.f_blocks) << path;
  }
}

}  // namespace
}  // namespace npyfs
