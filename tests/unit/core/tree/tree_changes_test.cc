// Sources that change under a tree.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/support/later_clock.h"
#include "tests/unit/support/mapped_writer.h"
#include "tests/unit/support/tree_fixture.h"

namespace npyfs {
namespace {

const TestArray kOld{"'<i4'", 4, false, {10, 7}};
const TestArray kNew{"'<i4'", 4, false, {20, 7}};

class TreeChangesTest : public TreeTest {
 protected:
  TreeChangesTest() {
    directory_.write("a.npy", npy_bytes(kOld));
    directory_.write("notes.txt", "old");
  }
};

TEST_F(TreeChangesTest, AReplacedSourceMakesItsFilesStaleAndNewNodesOfItsNames) {
  for (const char* path : {"a.npy/chunks/0_of_1.npy", "a.npy/source.npy", "a.npy/info.json", "notes.txt"}) {
    directory_.replace("a.npy", npy_bytes(kOld));
    directory_.replace("notes.txt", "old");
    const auto before = look_up(path);
    directory_.replace("a.npy", npy_bytes(kNew));
    directory_.replace("notes.txt", "newer");
    EXPECT_EQ(tree_.attributes(before->node).error().kind, ErrorKind::kStale) << path;
    EXPECT_EQ(tree_.open(before->node).error().kind, ErrorKind::kStale) << path;
    const auto after = look_up(path);
    ASSERT_TRUE(after) << path;
    EXPECT_NE(after->node, before->node) << path;
    EXPECT_TRUE(tree_.open(after->node)) << path;
  }
  EXPECT_EQ(read("notes.txt"), "newer");
  EXPECT_EQ(read("a.npy/chunks/0_of_1.bin"), pattern_bytes(kNew.data_size()));
}

TEST_F(TreeChangesTest, DirectoriesOutliveAReplacedSource) {
  const NodeId array = node("a.npy");
  const NodeId chunks = node("a.npy/chunks");
  directory_.replace("a.npy", npy_bytes(kNew));
  EXPECT_TRUE(tree_.attributes(array));
  EXPECT_EQ(node("a.npy"), array);
  EXPECT_TRUE(tree_.attributes(chunks));
  const auto chunk = tree_.lookup(chunks, "0_of_1.bin");
  ASSERT_TRUE(chunk);
  EXPECT_EQ(chunk->attributes.st_size, static_cast<off_t>(kNew.data_size()));
}

TEST_F(TreeChangesTest, AnOpenFileKeepsWhatItOpened) {
  const NodeId chunk = node("a.npy/chunks/0_of_1.bin");
  const NodeId notes = node("notes.txt");
  const auto open_chunk = tree_.open(chunk);
  const auto open_notes = tree_.open(notes);
  directory_.replace("a.npy", npy_bytes(kNew));
  directory_.replace("notes.txt", "newer");
  EXPECT_EQ(read(**open_chunk), pattern_bytes(kOld.data_size()));
  EXPECT_EQ(read(**open_notes), "old");
  // Its attributes are those of what is open, until it is closed.
  ASSERT_TRUE(tree_.attributes(chunk));
  EXPECT_EQ(tree_.attributes(chunk)->st_size, static_cast<off_t>(kOld.data_size()));
  EXPECT_EQ(tree_.attributes(notes)->st_size, 3);
  EXPECT_EQ(tree_.open(chunk).error().kind, ErrorKind::kStale) << "for others";
  EXPECT_EQ(tree_.open_file_count(), 2u);
  tree_.close(**open_chunk);
  tree_.close(**open_notes);
  EXPECT_EQ(tree_.open_file_count(), 0u);
  EXPECT_EQ(tree_.attributes(chunk).error().kind, ErrorKind::kStale);
}

// As a write(2) does that has moved the times and not yet copied its bytes.
TEST_F(TreeChangesTest, AHeaderThatIsRewrittenWithinOneVersionMakesNewNodes) {
  MappedWriter writer(directory_.path("a.npy"));
  const NodeId chunk = node("a.npy/chunks/0_of_1.npy");
  const NodeId info = node("a.npy/info.json");
  const auto open = tree_.open(chunk);
  ASSERT_TRUE(open);
  writer.store(0, npy_bytes({"'<u4'", 4, false, {10, 7}}));
  EXPECT_EQ(read(**open), "error: ESTALE");
  tree_.close(**open);
  EXPECT_EQ(tree_.attributes(chunk).error().kind, ErrorKind::kStale);
  EXPECT_EQ(tree_.open(chunk).error().kind, ErrorKind::kStale);
  EXPECT_NE(node("a.npy/chunks/0_of_1.npy"), chunk);
  EXPECT_NE(node("a.npy/info.json"), info);
  EXPECT_NE(read("a.npy/info.json").find("<u4"), std::string::npos);
}

TEST_F(TreeChangesTest, WhatIsHeardOfALongWriteHasItsHeaderReadAgain) {
  const LaterClock later;
  MappedWriter writer(directory_.path("a.npy"));
  const NodeId chunk = node("a.npy/chunks/0_of_1.npy");
  writer.store(0, npy_bytes({"'<u4'", 4, false, {10, 7}}));
  EXPECT_TRUE(tree_.attributes(chunk)) << "its times lie back";
  SourceChanges changes;
  changes.add("a.npy", false);
  tree_.invalidate_changed(changes, [](NodeId) { return true; });
  EXPECT_EQ(tree_.attributes(chunk).error().kind, ErrorKind::kStale);
  EXPECT_NE(node("a.npy/chunks/0_of_1.npy"), chunk);
}

TEST_F(TreeChangesTest, EachOpenIsClosedByItself) {
  const NodeId notes = node("notes.txt");
  const auto first = tree_.open(notes);
  const auto second = tree_.open(notes);
  directory_.replace("notes.txt", "newer");
  tree_.close(**first);
  tree_.close(**first);
  EXPECT_EQ(tree_.open_file_count(), 1u);
  EXPECT_TRUE(tree_.attributes(notes)) << "still open once";
  tree_.close(**second);
  EXPECT_FALSE(tree_.attributes(notes));
}

TEST_F(TreeChangesTest, ARemovedSourceIsGoneForNamesAndThereForWhoHasItOpen) {
  const NodeId chunk = node("a.npy/chunks/0_of_1.bin");
  const auto open = tree_.open(chunk);
  std::filesystem::remove(directory_.path("a.npy"));
  EXPECT_EQ(read(**open), pattern_bytes(kOld.data_size()));
  EXPECT_TRUE(tree_.attributes(chunk));
  tree_.close(**open);
  EXPECT_EQ(to_errno(tree_.attributes(chunk).error()), ENOENT);
  EXPECT_EQ(read("a.npy/chunks/0_of_1.bin"), "lookup: ENOENT");
}

TEST_F(TreeChangesTest, ATruncatedSourceIsAnInputOutputError) {
  const NodeId chunk = node("a.npy/chunks/0_of_1.npy");
  const auto open = tree_.open(chunk);
  directory_.truncate("a.npy", 200);
  EXPECT_EQ(read(**open), "error: EIO") << "never zeros, never a short file";
  tree_.close(**open);
  EXPECT_EQ(read("a.npy/chunks/0_of_1.npy"), "lookup: ENOENT");
  EXPECT_EQ(read("a.npy/error.txt").substr(0, 7), "a.npy: ");
}

TEST_F(TreeChangesTest, AGrownSourceServesItsArrayAndItsNewBytes) {
  const std::string grown = npy_bytes(kOld) + "more";
  directory_.write("a.npy", grown);
  EXPECT_EQ(read("a.npy/chunks/0_of_1.bin"), pattern_bytes(kOld.data_size()));
  EXPECT_EQ(read("a.npy/source.npy"), grown);
}

TEST_F(TreeChangesTest, ANameThatHasBecomeSomethingElseIsStale) {
  const NodeId array = node("a.npy");
  const NodeId notes = node("notes.txt");
  std::filesystem::remove(directory_.path("a.npy"));
  directory_.make_directory("a.npy");
  std::filesystem::remove(directory_.path("notes.txt"));
  ASSERT_EQ(::mkfifo(directory_.path("notes.txt").c_str(), 0600), 0);
  EXPECT_EQ(tree_.attributes(array).error().kind, ErrorKind::kStale);
  EXPECT_EQ(tree_.open_directory(array).error().kind, ErrorKind::kStale);
  EXPECT_EQ(tree_.open(notes).error().kind, ErrorKind::kStale);
  EXPECT_NE(node("a.npy"), array);
}

TEST_F(TreeChangesTest, ReadersNeverSeeTwoVersionsMixed) {
  const std::set<std::string> versions = {pattern_bytes(kOld.data_size()), pattern_bytes(kNew.data_size())};
  std::vector<std::jthread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      for (int round = 0; round < 100; ++round) {
        const std::string bytes = read("a.npy/chunks/0_of_1.bin");
        // ESTALE: replaced between lookup and open. The kernel asks again.
        const bool is_whole = versions.contains(bytes) || bytes == "open: ESTALE" || bytes == "lookup: ESTALE";
        ASSERT_TRUE(is_whole) << bytes.size() << " bytes: " << bytes.substr(0, 20);
      }
    });
  }
  for (int round = 0; round < 100; ++round) {
    directory_.replace("a.npy", npy_bytes(round % 2 == 0 ? kNew : kOld));
  }
  readers.clear();
  EXPECT_EQ(tree_.open_file_count(), 0u);
}

TEST_F(TreeChangesTest, LeaksNoDescriptors) {
  const std::size_t before = open_descriptors();
  for (int round = 0; round < 3; ++round) {
    directory_.replace("a.npy", npy_bytes(round % 2 == 0 ? kNew : kOld));
    EXPECT_NE(read("a.npy/chunks/0_of_1.npy"), "");
    EXPECT_NE(read("a.npy/source.npy"), "");
    EXPECT_EQ(list(**tree_.open_directory(node("a.npy/chunks"))).size(), 5u);
    EXPECT_EQ(read("missing.npy/chunks"), "lookup: ENOENT");
  }
  tree_.close_unused_sources(SourceCache::Clock::time_point::max());
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(TreeChangesTest, DirectoriesAreWatchedWhileTheKernelKnowsOfNamesInThem) {
  ASSERT_TRUE(tree_.watch().start());
  directory_.write("sub/deep/b.npy", npy_bytes(kOld));
  node("sub");
  EXPECT_EQ(tree_.watch().count(), 1u) << "the root, in which sub was looked up";
  node("sub/deep/b.npy/chunks/0_of_1.npy");
  EXPECT_EQ(tree_.watch().count(), 3u) << "arrays are no directories";
  const NodeId deep = node("sub/deep");
  tree_.forget(deep, 2);
  EXPECT_EQ(tree_.watch().count(), 2u);
  ASSERT_TRUE(tree_.open_directory(node("sub/deep")));
  EXPECT_EQ(tree_.watch().count(), 3u) << "listing it is enough";
}

TEST_F(TreeChangesTest, DirectoriesThatTheArrayHasNoLongerAreGone) {
  const NodeId array = node("a.npy");
  const NodeId chunks = node("a.npy/chunks");
  const NodeId axis = node("a.npy/axis1");
  directory_.replace("a.npy", npy_bytes({"'<i4'", 4, false, {10}}));
  EXPECT_EQ(tree_.attributes(axis).error().kind, ErrorKind::kNotFound);
  EXPECT_TRUE(tree_.attributes(chunks));
  directory_.replace("a.npy", "no array");
  EXPECT_FALSE(tree_.attributes(chunks));
  EXPECT_TRUE(tree_.attributes(array));
  directory_.replace("a.npy", npy_bytes(kOld));
  EXPECT_TRUE(tree_.attributes(axis));
}

}  // namespace
}  // namespace npyfs
