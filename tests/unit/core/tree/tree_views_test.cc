// Views in a tree: their names, nodes and inode numbers.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/support/tree_fixture.h"

namespace npyfs {
namespace {

const TestArray kArray{"'<i4'", 4, false, {100, 7}};
const TestArray kNew{"'<i4'", 4, false, {20, 7}};

class TreeViewsTest : public TreeTest {
 protected:
  TreeViewsTest() { directory_.write("a.npy", npy_bytes(kArray)); }
};

TEST_F(TreeViewsTest, NamesOfOneViewAreOneNodeAndOneInode) {
  const auto slice = look_up("a.npy/slices/0_to_25.npy");
  ASSERT_TRUE(slice);
  for (const char* name : {"a.npy/chunks/0_of_4.npy", "a.npy/chunks/0_of_2/chunks/0_of_2.npy", "a.npy/batches/25/0.npy",
                           "a.npy/index/:25.npy", "a.npy/index/:-75,:.npy", "a.npy/index/:50/slices/0_to_25.npy",
                           "a.npy/slices/0_to_25_by_1.npy", "a.npy/axis1/slices/0_to_7/axis0/slices/0_to_25.npy"}) {
    const auto other = look_up(name);
    ASSERT_TRUE(other) << name;
    EXPECT_EQ(other->node, slice->node) << name;
    EXPECT_EQ(other->attributes.st_ino, slice->attributes.st_ino) << name;
    EXPECT_EQ(other->attributes.st_size, 128 + 25 * 7 * 4) << name;
  }
  const std::string data = pattern_bytes(kArray.data_size());
  EXPECT_EQ(read("a.npy/chunks/0_of_2/chunks/0_of_2.npy").substr(128), slice_bytes(kArray, data, 0, {0, 25}));
  EXPECT_NE(node("a.npy/slices/0_to_25.bin"), slice->node);
  EXPECT_NE(node("a.npy/slices/0_to_25"), slice->node);
  EXPECT_NE(node("a.npy/slices/0_to_26.npy"), slice->node);
}

TEST_F(TreeViewsTest, EveryNodeHasAnInodeNumberOfItsOwn) {
  std::set<NodeId> nodes;
  std::set<ino_t> inodes;
  for (const char* path : {"a.npy",
                           "a.npy/slices",
                           "a.npy/axis0",
                           "a.npy/axis0/slices",
                           "a.npy/axis00/slices",
                           "a.npy/axis1/slices",
                           "a.npy/chunks",
                           "a.npy/chunks/4",
                           "a.npy/chunks/04",
                           "a.npy/chunks/aligned",
                           "a.npy/batches",
                           "a.npy/batches/4",
                           "a.npy/items",
                           "a.npy/index",
                           "a.npy/chunks/0_of_2",
                           "a.npy/chunks/00_of_2",
                           "a.npy/chunks/0_of_2/slices",
                           "a.npy/slices/0_to_50",
                           "a.npy/chunks/0_of_2/info.json",
                           "a.npy/info.json",
                           "a.npy/source.npy",
                           "a.npy/items/7.npy",
                           "a.npy/items/7.bin",
                           "a.npy/items/7",
                           "a.npy/slices/7_to_8.npy"}) {
    const auto entry = look_up(path);
    ASSERT_TRUE(entry) << path;
    EXPECT_TRUE(nodes.insert(entry->node).second) << path;
    EXPECT_TRUE(inodes.insert(entry->attributes.st_ino).second) << path;
    EXPECT_LT(entry->attributes.st_ino, ino_t{1} << 53) << path;
  }
  EXPECT_LT(look_up(".npyfs/version")->attributes.st_ino, ino_t{1} << 53);
  EXPECT_EQ(look_up("a.npy/slices/0_to_50/info.json")->attributes.st_ino,
            look_up("a.npy/chunks/0_of_2/info.json")->attributes.st_ino)
      << "of one view";
}

TEST_F(TreeViewsTest, OfTwoLinksToOneArrayOnlyWhatNamesItDiffersInItsInodeNumber) {
  std::filesystem::create_hard_link(directory_.path("a.npy"), directory_.path("b.npy"));
  for (const char* name : {"info.json", "chunks/0_of_2/info.json"}) {
    const auto a = look_up(std::string("a.npy/") + name);
    const auto b = look_up(std::string("b.npy/") + name);
    ASSERT_TRUE(a && b) << name;
    EXPECT_NE(a->attributes.st_ino, b->attributes.st_ino) << name;
  }
  for (const char* name : {"", "/source.npy", "/chunks/0_of_2.npy", "/chunks"}) {
    const auto a = look_up(std::string("a.npy") + name);
    const auto b = look_up(std::string("b.npy") + name);
    ASSERT_TRUE(a && b) << name;
    EXPECT_EQ(a->attributes.st_ino, b->attributes.st_ino) << name;
  }
}

TEST_F(TreeViewsTest, APathHolds32Views) {
  std::string path = "a.npy";
  for (int i = 1; i < 32; ++i) path += "/slices/0_to_100";
  const std::string data = pattern_bytes(kArray.data_size());
  EXPECT_EQ(read(path + "/slices/50_to_75.bin"), slice_bytes(kArray, data, 0, {50, 75}));
  EXPECT_EQ(node(path + "/slices/50_to_75.bin"), node("a.npy/slices/50_to_75.bin"));
  const NodeId deepest = node(path + "/slices/0_to_100");
  EXPECT_EQ(read(path + "/slices/0_to_100/info.json").front(), '{');
  for (const char* name : {"50_to_75.npy", "50_to_75.bin", "50_to_75"}) {
    EXPECT_EQ(read(path + "/slices/0_to_100/slices/" + name), "lookup: ENOENT") << name;
  }
  const auto refused = look_up(path + "/slices/0_to_100/slices/50_to_75.npy");
  ASSERT_FALSE(refused);
  EXPECT_EQ(to_message(refused.error()), "a.npy/50_to_75.npy: a path holds at most 32 selections");
  EXPECT_TRUE(tree_.open_directory(deepest));
}

TEST_F(TreeViewsTest, DirectoriesBelowAViewAreOfOneVersionOfTheArray) {
  const std::vector<std::string> paths = {"a.npy/chunks/0_of_2", "a.npy/chunks/0_of_2/chunks",
                                          "a.npy/chunks/0_of_2/axis1/slices", "a.npy/index/:3/items"};
  std::vector<NodeId> held;
  for (const auto& path : paths) held.push_back(node(path));
  for (const TestArray& array : {kNew, kArray}) {
    directory_.replace("a.npy", npy_bytes(array));
    for (std::size_t i = 0; i < paths.size(); ++i) {
      EXPECT_EQ(tree_.attributes(held[i]).error().kind, ErrorKind::kStale) << paths[i];
      EXPECT_EQ(tree_.open_directory(held[i]).error().kind, ErrorKind::kStale) << paths[i];
      EXPECT_EQ(tree_.lookup(held[i], "chunks").error().kind, ErrorKind::kStale) << paths[i];
      const NodeId now = node(paths[i]);
      EXPECT_NE(now, held[i]) << paths[i];
      EXPECT_TRUE(tree_.attributes(now)) << paths[i];
      EXPECT_TRUE(tree_.open_directory(now)) << paths[i];
      held[i] = now;
    }
  }
}

TEST_F(TreeViewsTest, ADirectoryOfAnAxisThatIsGoneListsNothing) {
  directory_.write("b.npy", npy_bytes({"'<i4'", 4, false, {1, 1, 2, 3}}));
  std::vector<NodeId> kept;
  for (const char* name : {"b.npy/axis3/chunks/aligned", "b.npy/axis1/items", "b.npy/axis1/batches/7", "b.npy/axis2"}) {
    kept.push_back(node(name));
    EXPECT_TRUE(tree_.open_directory(kept.back())) << name;
  }
  directory_.write("b.npy", npy_bytes({"'<i4'", 4, false, {9}}));
  for (const NodeId id : kept) {
    const auto listing = tree_.open_directory(id);
    ASSERT_FALSE(listing);
    EXPECT_EQ(listing.error().kind, ErrorKind::kNotFound);
  }
}

}  // namespace
}  // namespace npyfs
