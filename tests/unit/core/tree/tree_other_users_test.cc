// A tree that others visit, and whose directories are replaced by others of the same name.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/unit/support/tree_fixture.h"

namespace npyfs {
namespace {

const TestArray kArray{"'<i4'", 4, false, {10, 7}};
const TestArray kSecret{"'<i4'", 4, false, {20, 7}};

class TreeVisitorsTest : public TreeTest {
 protected:
  explicit TreeVisitorsTest(bool writable = false)
      : TreeTest({.default_chunks = 3, .writable = writable}, Users::kOthers) {
    directory_.write("run/sub/a.npy", npy_bytes(kArray));
    directory_.write("run/sub/notes.txt", "public");
    directory_.make_link("run/sub/link", "nowhere");
    directory_.write("next/sub/a.npy", npy_bytes(kSecret));
    directory_.write("next/sub/notes.txt", "secret");
    directory_.make_link("next/sub/link", "secret");
  }

  void swap() const {
    move("run", "old");
    move("next", "run");
  }
  void move(const char* from, const char* to) const {
    std::filesystem::rename(directory_.path(from), directory_.path(to));
  }

  const std::vector<std::string> paths_ = {"run",
                                           "run/sub",
                                           "run/sub/a.npy",
                                           "run/sub/a.npy/chunks",
                                           "run/sub/a.npy/axis1/slices",
                                           "run/sub/a.npy/chunks/0_of_1.npy",
                                           "run/sub/a.npy/source.npy",
                                           "run/sub/a.npy/info.json",
                                           "run/sub/notes.txt",
                                           "run/sub/link"};
};

class WritableTreeVisitorsTest : public TreeVisitorsTest {
 protected:
  WritableTreeVisitorsTest() : TreeVisitorsTest(true) {}
};

template <typename T>
bool is_stale(const Result<T>& result) {
  return !result && result.error().kind == ErrorKind::kStale;
}

TEST_F(TreeVisitorsTest, WhatIsHeldIsStaleOnceItsNameMeansAnother) {
  std::vector<NodeId> held;
  for (const auto& path : paths_) held.push_back(node(path));
  swap();
  for (std::size_t i = 0; i < held.size(); ++i) {
    EXPECT_TRUE(is_stale(tree_.attributes(held[i]))) << paths_[i];
    EXPECT_NE(node(paths_[i]), held[i]) << paths_[i];
    EXPECT_TRUE(tree_.attributes(node(paths_[i]))) << paths_[i];
    EXPECT_TRUE(is_stale(tree_.attributes(held[i]))) << "another node does not mend it: " << paths_[i];
  }
  EXPECT_EQ(read("run/sub/notes.txt"), "secret");
  move("run", "next");
  move("old", "run");
  for (std::size_t i = 0; i < held.size(); ++i) {
    EXPECT_TRUE(tree_.attributes(held[i])) << "it is back: " << paths_[i];
    EXPECT_EQ(node(paths_[i]), held[i]) << paths_[i];
  }
}

TEST_F(TreeVisitorsTest, NothingIsReachedFromWhatIsStale) {
  const NodeId directory = node("run/sub");
  const NodeId array = node("run/sub/a.npy");
  const NodeId chunks = node("run/sub/a.npy/chunks");
  const NodeId chunk = node("run/sub/a.npy/chunks/0_of_1.npy");
  const NodeId link = node("run/sub/link");
  swap();
  for (const char* name : {"a.npy", "notes.txt", "link", "missing"}) {
    EXPECT_TRUE(is_stale(tree_.lookup(directory, name))) << name;
  }
  for (const char* name : {"chunks", "source.npy", "info.json"}) {
    EXPECT_TRUE(is_stale(tree_.lookup(array, name))) << name;
  }
  EXPECT_TRUE(is_stale(tree_.lookup(chunks, "0_of_2.bin")));
  for (const NodeId held : {directory, array, chunks}) {
    EXPECT_TRUE(is_stale(tree_.open_directory(held)));
    EXPECT_TRUE(is_stale(tree_.filesystem_status(held)));
  }
  EXPECT_TRUE(is_stale(tree_.open(chunk)));
  EXPECT_TRUE(is_stale(tree_.extended_attributes(chunk)));
  EXPECT_TRUE(is_stale(tree_.read_link(link)));
}

TEST_F(WritableTreeVisitorsTest, NothingIsWrittenThroughWhatIsStale) {
  directory_.write("next/sub/a.npy", npy_bytes(kArray));  // of the same shape
  const NodeId chunk = node("run/sub/a.npy/chunks/0_of_1.bin");
  const NodeId array = node("run/sub/a.npy");
  swap();
  EXPECT_TRUE(is_stale(tree_.open_for_writing(chunk, Opening::kForWriting, 1)));
  EXPECT_TRUE(is_stale(tree_.lookup(array, "source.npy")));
}

TEST_F(TreeVisitorsTest, DirectoriesOutliveWhatIsWrittenIntoTheirArray) {
  std::vector<NodeId> held;
  const std::vector<std::string> paths = {"run", "run/sub", "run/sub/a.npy", "run/sub/a.npy/chunks"};
  for (const auto& path : paths) held.push_back(node(path));
  directory_.write("run/sub/a.npy", npy_bytes(kSecret));
  directory_.write("run/sub/more.txt", "more");
  ASSERT_EQ(::chmod(directory_.path("run/sub").c_str(), 0750), 0);
  for (std::size_t i = 0; i < held.size(); ++i) {
    EXPECT_TRUE(tree_.attributes(held[i])) << paths[i];
    EXPECT_EQ(node(paths[i]), held[i]) << paths[i];
  }
  EXPECT_EQ(tree_.lookup(held[3], "0_of_1.bin")->attributes.st_size, static_cast<off_t>(kSecret.data_size()));
}

TEST_F(TreeVisitorsTest, AListingThatIsOpenIsOfTheDirectoryThatWasOpened) {
  const auto listing = tree_.open_directory(node("run/sub"));
  ASSERT_TRUE(listing);
  directory_.write("next/sub/nowhere", "what the link would lead to");
  swap();
  std::vector<std::string> links;
  EXPECT_TRUE((*listing)->read(0, [&](const ListedName& name) {
    if (S_ISLNK(name.type)) links.emplace_back(name.name);
    return true;
  }));
  EXPECT_EQ(links, std::vector<std::string>{"link"});
}

TEST_F(TreeVisitorsTest, AllThatAPathHasMeantIsToldOfChanges) {
  const NodeId before = node("run/sub");
  swap();
  const NodeId after = node("run/sub");
  SourceChanges changes;
  changes.directories = {"run/sub"};
  std::vector<NodeId> told;
  tree_.invalidate_changed(changes, [&](NodeId id) {
    told.push_back(id);
    return true;
  });
  EXPECT_EQ(told, (std::vector<NodeId>{before, after}));
}

}  // namespace
}  // namespace npyfs
