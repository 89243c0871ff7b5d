#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "core/tree/tree.h"
#include "tests/unit/support/tree_fixture.h"

namespace npyfs {
namespace {

using namespace std::chrono_literals;

class TreeImmutableTest : public TreeTest {
 protected:
  TreeImmutableTest() : TreeTest({.default_chunks = 3, .immutable = true}) {
    directory_.write("a.npy", npy_bytes(array_));
    directory_.write("notes.txt", "hello");
    directory_.write("parts/0.npy", npy_bytes(array_));
    directory_.write("parts/1.npy", npy_bytes(array_));
  }

  // What a client gets that reads without opening.
  std::string read_kept(NodeId node) {
    const auto file = tree_.open_kept(node);
    if (!file) return std::string("open: ") + ::strerrorname_np(to_errno(file.error()));
    return TreeTest::read(**file);
  }
  std::string expected(RowRange rows) { return slice_bytes(array_, pattern_bytes(array_.data_size()), 0, rows); }
  // A write, some time after the file was opened.
  void rewrite(const std::string& name, std::string_view bytes) {
    directory_.write(name, bytes);
    const auto path = directory_.path(name);
    std::filesystem::last_write_time(path, std::filesystem::last_write_time(path) + 1s);
  }

  const TestArray array_{"'<i4'", 4, false, {10, 7}};
};

TEST_F(TreeImmutableTest, AFileStaysOpenBetweenReads) {
  const NodeId chunk = node("a.npy/chunks/1_of_3.bin");
  const auto first = tree_.open_kept(chunk);
  ASSERT_TRUE(first);
  EXPECT_EQ(*tree_.open_kept(chunk), *first);
  EXPECT_EQ(read_kept(chunk), expected({4, 7}));
  EXPECT_EQ(read("a.npy/chunks/1_of_3.bin"), expected({4, 7})) << "the same for those who open and close";
  EXPECT_EQ(tree_.open_file_count(), 0u);
  tree_.close_unused_sources(SourceCache::Clock::now());
  EXPECT_EQ(tree_.open_source_count(), 0u);
  EXPECT_EQ(read_kept(chunk), expected({4, 7}));
  EXPECT_NE(*tree_.open_kept(chunk), *first);
}

TEST_F(TreeImmutableTest, ANodeThatIsForgottenIsClosed) {
  const auto entry = look_up("notes.txt");
  EXPECT_EQ(read_kept(entry->node), "hello");
  tree_.forget(entry->node, 1);
  EXPECT_EQ(read_kept(entry->node), "open: ESTALE");
}

TEST_F(TreeImmutableTest, OnlyFilesCanBeRead) {
  EXPECT_EQ(read_kept(node("a.npy/chunks")), "open: EISDIR");
  EXPECT_EQ(read_kept(999), "open: ESTALE");
}

TEST_F(TreeImmutableTest, OnceAChangeIsSeenEveryLaterReadFails) {
  for (const std::string path : {"a.npy/chunks/1_of_3.bin", "a.npy/source.npy", "a.npy/index/::2.bin", "notes.txt",
                                 "parts.npy/slices/2_to_15.bin"}) {
    const std::string source = path.starts_with("n") ? "notes.txt" : path.starts_with("p") ? "parts/1.npy" : "a.npy";
    const NodeId file = node(path);
    const auto open = tree_.open(file);
    ASSERT_TRUE(open);
    const std::string before = read_kept(file);
    EXPECT_EQ(TreeTest::read(**open), before);
    rewrite(source, directory_.read(source));
    EXPECT_EQ(read_kept(file), "error: ESTALE") << path;
    EXPECT_EQ(read_kept(file), "open: ESTALE") << path;
    EXPECT_EQ(TreeTest::read(**open), "error: ESTALE") << path;
    EXPECT_EQ(TreeTest::read(**open), "error: ESTALE") << path;
    tree_.close(**open);
    EXPECT_EQ(read(path), before) << path << ": who looks the name up again has the new file";
  }
}

TEST_F(TreeImmutableTest, AChangeThatWasSeenIsNotForgottenWhenTheTimeIsSetBack) {
  const auto path = directory_.path("a.npy");
  const auto time = std::filesystem::last_write_time(path);
  const auto first = tree_.open(node("a.npy/source.npy"));
  const auto second = tree_.open(node("a.npy/source.npy"));
  ASSERT_TRUE(first && second);
  rewrite("a.npy", npy_bytes(array_));
  EXPECT_EQ(TreeTest::read(**first), "error: ESTALE");
  std::filesystem::last_write_time(path, time);
  EXPECT_EQ(TreeTest::read(**first), "error: ESTALE");
  EXPECT_EQ(TreeTest::read(**second), "error: ESTALE");
  tree_.close(**first);
  tree_.close(**second);
}

TEST_F(TreeImmutableTest, ATruncatedSourceIsAnError) {
  const NodeId chunk = node("a.npy/chunks/2_of_3.bin");
  EXPECT_EQ(read_kept(chunk), expected({7, 10}));
  directory_.truncate("a.npy", 300);
  EXPECT_EQ(read_kept(chunk), "error: EIO");
  EXPECT_EQ(read_kept(chunk), "open: ESTALE");
}

TEST_F(TreeImmutableTest, AHardLinkIsNoChangeOfAnOpenFile) {
  const NodeId chunk = node("a.npy/chunks/1_of_3.bin");
  EXPECT_EQ(read_kept(chunk), expected({4, 7}));
  std::filesystem::create_hard_link(directory_.path("a.npy"), directory_.path("backup"));
  EXPECT_EQ(read_kept(chunk), expected({4, 7}));
}

TEST_F(TreeImmutableTest, APlainFileDoesNotGrow) {
  const NodeId notes = node("notes.txt");
  const auto kept = tree_.open_kept(notes);
  ASSERT_TRUE(kept);
  EXPECT_FALSE((*kept)->grows);
  EXPECT_EQ(tree_.attributes(notes)->st_size, 5);
  directory_.write("notes.txt", "hello, world");
  EXPECT_EQ(tree_.attributes(notes)->st_size, 5) << "that of the open file";
}

TEST_F(TreeImmutableTest, AControlFileIsMadeForEachLookup) {
  const auto first = look_up(".npyfs/asked");
  const auto second = look_up(".npyfs/asked");
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(first->is_for_one_open);
  EXPECT_NE(first->node, second->node);
  EXPECT_EQ(first->attributes.st_ino, second->attributes.st_ino);
  const std::string text = read_kept(first->node);
  EXPECT_NE(read_kept(second->node), text);
  EXPECT_EQ(read_kept(first->node), text);
  EXPECT_EQ(tree_.attributes(first->node)->st_size, static_cast<off_t>(text.size()));
  tree_.close_unused_sources(SourceCache::Clock::now());
  EXPECT_EQ(read_kept(first->node), text);
  tree_.forget(first->node, 1);
  EXPECT_EQ(read_kept(first->node), "open: ESTALE");
  EXPECT_FALSE(look_up("notes.txt")->is_for_one_open);
}

TEST_F(TreeImmutableTest, TheFirstReadIsNotedOnce) {
  const NodeId notes = node("notes.txt");
  EXPECT_TRUE(tree_.note_first_read(notes));
  EXPECT_FALSE(tree_.note_first_read(notes));
}

}  // namespace
}  // namespace npyfs
