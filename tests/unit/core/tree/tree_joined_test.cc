// Arrays that are joined from the files of a directory, in a tree.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/support/tree_fixture.h"

namespace npyfs {
namespace {

using testing::ElementsAre;

class TreeJoinedTest : public TreeTest {
 protected:
  explicit TreeJoinedTest(const TreeOptions& options = {.default_chunks = 3, .parts_known_for = std::chrono::hours(1)})
      : TreeTest(options) {
    write("sub/shards/9.npy", 2);
    write("sub/shards/10.npy", 3);
  }

  void write(std::string_view name, std::uint64_t rows) { directory_.write(name, npy_bytes(array(rows))); }
  static TestArray array(std::uint64_t rows) { return {"'<i4'", 4, false, {rows, 2}}; }
  static std::string items(std::uint64_t rows) { return pattern_bytes(array(rows).data_size()); }
};

TEST_F(TreeJoinedTest, ANameWithoutAFileStandsForTheFilesOfADirectory) {
  EXPECT_EQ(read("sub/shards.npy/chunks/0_of_1.bin"), items(2) + items(3));
  EXPECT_EQ(read("sub/shards.npy/slices/1_to_3.bin"), items(2).substr(8) + items(3).substr(0, 8));
  EXPECT_EQ(read("sub/shards.npy/index/::-4.bin"), items(3).substr(16) + items(2).substr(0, 8));
  const auto joined = look_up("sub/shards.npy");
  ASSERT_TRUE(joined);
  EXPECT_TRUE(S_ISDIR(joined->attributes.st_mode));
  EXPECT_NE(joined->attributes.st_ino, look_up("sub/shards")->attributes.st_ino);
  EXPECT_THAT(list(**tree_.open_directory(joined->node)),
              ElementsAre(".", "..", "axis0", "axis1", "batches", "chunks", "index", "slices", "info.json"));
  for (const char* missing : {"shards.npy", "sub/.npy", "sub/..npy", "sub/...npy", ".npyfs.npy", "sub/shards.np",
                              "sub/shards.npy/source.npy", "sub/shards.npy/error.txt", "sub/shards/9.npy.npy"}) {
    const auto entry = look_up(missing);
    ASSERT_FALSE(entry) << missing;
    EXPECT_EQ(to_errno(entry.error()), ENOENT) << missing;
  }
}

TEST_F(TreeJoinedTest, TheRootIsJoinedToo) {
  EXPECT_TRUE(read(".npy/error.txt").ends_with(": has no .npy files that could be joined\n"));
  write("a.npy", 1);
  EXPECT_EQ(read(".npy/chunks/0_of_1.bin"), items(1));
}

TEST_F(TreeJoinedTest, AFileOfThatNameComesFirst) {
  const NodeId joined = node("sub/shards.npy");
  const NodeId chunk = node("sub/shards.npy/chunks/0_of_1.bin");
  write("sub/shards.npy", 4);
  EXPECT_EQ(tree_.attributes(joined).error().kind, ErrorKind::kStale);
  EXPECT_EQ(tree_.open(chunk).error().kind, ErrorKind::kStale);
  EXPECT_EQ(read("sub/shards.npy/chunks/0_of_1.bin"), items(4));
  const NodeId array = node("sub/shards.npy");
  std::filesystem::remove(directory_.path("sub/shards.npy"));
  EXPECT_EQ(tree_.attributes(array).error().kind, ErrorKind::kStale);
  EXPECT_EQ(node("sub/shards.npy"), joined);
}

TEST_F(TreeJoinedTest, AnOpenOfAViewSeesAChangeOfItsParts) {
  const auto first = look_up("sub/shards.npy/slices/0_to_2.bin");
  const auto last = look_up("sub/shards.npy/slices/3_to_5.bin");
  const auto open = tree_.open(first->node);
  directory_.replace("replacing.npy", npy_bytes(array(1)));
  std::filesystem::rename(directory_.path("replacing.npy"), directory_.path("sub/shards/9.npy"));
  EXPECT_EQ(read(**open), items(2)) << "few files stay open";
  EXPECT_EQ(tree_.open(first->node).error().kind, ErrorKind::kStale);
  EXPECT_EQ(tree_.open(last->node).error().kind, ErrorKind::kStale);
  EXPECT_EQ(read("sub/shards.npy/chunks/0_of_1.bin"), items(1) + items(3));
  tree_.close(**open);
}

TEST_F(TreeJoinedTest, AChangeThatIsNotedMakesPartsBeLookedAtAgain) {
  const NodeId info = node("sub/shards.npy/info.json");
  write("sub/shards/9.npy", 6);
  EXPECT_TRUE(tree_.attributes(info)) << "known for an hour";
  SourceChanges changes;
  changes.add("sub/shards/9.npy", false);
  std::vector<NodeId> notified;
  tree_.invalidate_changed(changes, [&](NodeId node) {
    notified.push_back(node);
    return true;
  });
  EXPECT_THAT(notified, testing::Contains(info));
  EXPECT_EQ(tree_.attributes(info).error().kind, ErrorKind::kStale);
  EXPECT_EQ(read("sub/shards.npy/chunks/0_of_1.bin"), items(6) + items(3));
}

class TreeJoinedWritingTest : public TreeJoinedTest {
 protected:
  TreeJoinedWritingTest() : TreeJoinedTest({.default_chunks = 3, .writable = true}) {}

  Result<std::shared_ptr<const OpenFile>> open(std::string_view path) {
    return tree_.open_for_writing(node(path), Opening::kForWriting, 0);
  }
};

TEST_F(TreeJoinedWritingTest, AViewIsWrittenToEachPart) {
  const auto file = open("sub/shards.npy/slices/1_to_3.bin");
  ASSERT_TRUE(file);
  EXPECT_TRUE(tree_.can_be_written((*file)->node));
  const std::string rows = "0123456789abcdef";
  ASSERT_TRUE(tree_.write(**file, 0, std::as_bytes(std::span(rows))));
  EXPECT_EQ(directory_.read("sub/shards/9.npy"), npy_header_bytes(array(2)) + items(2).substr(0, 8) + "01234567");
  EXPECT_EQ(directory_.read("sub/shards/10.npy"), npy_header_bytes(array(3)) + "89abcdef" + items(3).substr(8));
  EXPECT_EQ(read("sub/shards.npy/slices/1_to_3.bin"), rows);
  EXPECT_EQ(open("sub/shards/9.npy/items/1.bin").error().kind, ErrorKind::kBusy);
  EXPECT_TRUE(open("sub/shards/9.npy/items/0.bin"));
  EXPECT_TRUE(tree_.sync(**file));
  EXPECT_TRUE(tree_.flush(**file));
  tree_.close(**file);
}

TEST_F(TreeJoinedWritingTest, AViewWithoutRowsHasNoFile) {
  const auto file = open("sub/shards.npy/slices/1_to_1.npy");
  ASSERT_TRUE(file);
  const std::string header = (*file)->view.header;
  EXPECT_EQ(tree_.write(**file, 0, std::as_bytes(std::span("x"))).error().kind, ErrorKind::kInvalidArgument);
  EXPECT_TRUE(tree_.write(**file, 0, std::as_bytes(std::span(header))));
  EXPECT_TRUE(tree_.sync(**file));
  EXPECT_TRUE(tree_.flush(**file));
  tree_.close(**file);
}

}  // namespace
}  // namespace npyfs
