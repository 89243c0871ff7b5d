#include "core/commands/check_dataset.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CheckTest : public testing::Test {
 protected:
  SourceRoot root() const { return *SourceRoot::open(directory_.path("source"), Symlinks::kWithinRoot, Users::kOwner); }
  void array(const std::string& name) const { directory_.write("source/" + name, npy_bytes({.shape = {4, 2}})); }
  void link(const std::string& name, const std::string& target) const {
    directory_.make_link("source/" + name, target);
  }
  FoundArrays found() const {
    return find_arrays(root(), [](std::uint64_t) {});
  }
  CheckedArray checked(const std::string& bytes) const {
    directory_.write("source/a.npy", bytes);
    return check_array(root(), "a.npy");
  }

  const TempDirectory directory_;
};

TEST_F(CheckTest, FindsArraysAtAnyDepthInOrder) {
  for (const char* name : {"b.npy", "sub/c.npy", "sub/deep/d.npy", "a.npy", "sub.npy/e.npy"}) array(name);
  directory_.write("source/notes.txt", "no array");
  directory_.write("source/.npyfs/hidden.npy", "as in the mount");
  array("sub/.npyfs/seen.npy");
  EXPECT_THAT(found().paths,
              ElementsAre("a.npy", "b.npy", "sub.npy/e.npy", "sub/.npyfs/seen.npy", "sub/c.npy", "sub/deep/d.npy"));
  EXPECT_THAT(found().unreadable, IsEmpty());
}

TEST_F(CheckTest, TellsHowManyItHasFound) {
  for (const char* name : {"a.npy", "b.npy", "sub/c.npy"}) array(name);
  std::vector<std::uint64_t> told;
  (void)find_arrays(root(), [&](std::uint64_t count) { told.push_back(count); });
  EXPECT_THAT(told, ElementsAre(2, 3));
}

// As the mount has them: followed beneath the source, and links outside of it.
TEST_F(CheckTest, LinksAreFollowedAsTheMountFollowsThem) {
  array("real/a.npy");
  directory_.write("outside.npy", npy_bytes({.shape = {1}}));
  link("link.npy", "real/a.npy");
  link("absolute.npy", directory_.path("source/real/a.npy"));
  link("other-name", "real/a.npy");
  link("out.npy", "../outside.npy");
  link("dangling.npy", "nowhere");
  link("round.npy", "round.npy");
  EXPECT_THAT(found().paths, ElementsAre("absolute.npy", "link.npy", "real/a.npy"));
  EXPECT_THAT(found().unreadable, IsEmpty());
  std::vector<std::string> links;
  for (const auto& link : found().links) links.push_back(fmt::format("{} {}", link.path, link.reason));
  EXPECT_THAT(links, ElementsAre("dangling.npy leads nowhere (to nowhere)",
                                 "out.npy leaves SOURCE (to ../outside.npy); -o follow_symlinks follows it",
                                 "round.npy leads in a circle (to round.npy)"));
}

TEST_F(CheckTest, EachDirectoryIsVisitedOnceUnderItsOwnName) {
  array("z/a.npy");
  link("a-link-first", "z");
  link("z/up", "..");
  link("z/self", ".");
  EXPECT_THAT(found().paths, ElementsAre("z/a.npy"));
}

TEST_F(CheckTest, DoesNotWaitForAFifo) {
  directory_.make_directory("source");
  ASSERT_EQ(::mkfifo(directory_.path("source/fifo.npy").c_str(), 0644), 0);
  EXPECT_THAT(found().paths, IsEmpty());
  const CheckedArray fifo = check_array(root(), "fifo.npy");
  ASSERT_TRUE(fifo.is_damaged());
  EXPECT_EQ(fifo.problem->sentence, "is not a regular file");
}

TEST_F(CheckTest, AGoodArray) {
  const CheckedArray good =
      checked(npy_bytes({.descr = "'<f4'", .itemsize = 4, .fortran_order = true, .shape = {5, 3}}));
  EXPECT_FALSE(good.problem);
  EXPECT_FALSE(good.is_damaged());
  EXPECT_EQ(good.path, "a.npy");
  EXPECT_EQ(good.file_size, 128u + 60u);
  ASSERT_TRUE(good.header);
  EXPECT_EQ(good.header->descr, "'<f4'");
  EXPECT_TRUE(good.header->fortran_order);
}

TEST_F(CheckTest, ATruncatedArrayIsDamagedAndItsHeaderKnown) {
  const CheckedArray cut = checked(npy_bytes({.shape = {100}}).substr(0, 528));
  EXPECT_TRUE(cut.is_damaged());
  ASSERT_TRUE(cut.header);
  EXPECT_THAT(cut.problem->sentence, HasSubstr("promises 800 bytes"));
}

TEST_F(CheckTest, WhatIsNoArrayIsDamaged) {
  for (const char* bytes : {"", "no array"}) {
    const CheckedArray bad = checked(bytes);
    EXPECT_TRUE(bad.is_damaged());
    EXPECT_FALSE(bad.header);
  }
}

TEST_F(CheckTest, AnArrayWithoutSlicesIsNotDamaged) {
  for (const TestArray& array : std::vector<TestArray>{{.shape = {}}, {.descr = "'|O'", .shape = {3}}}) {
    const CheckedArray whole = checked(npy_bytes(array));
    EXPECT_TRUE(whole.problem);
    EXPECT_FALSE(whole.is_damaged());
    EXPECT_TRUE(whole.header);
  }
}

TEST_F(CheckTest, ATruncatedArrayWithoutDimensionsIsDamaged) {
  const std::string bytes = npy_bytes({.shape = {}});
  EXPECT_FALSE(checked(bytes).is_damaged());
  EXPECT_TRUE(checked(bytes.substr(0, bytes.size() - 1)).is_damaged());
}

TEST_F(CheckTest, CountsWhatFollowsTheArray) {
  const std::string bytes = npy_bytes({.shape = {3}});
  EXPECT_EQ(checked(bytes).trailing_bytes(), 0u);
  EXPECT_EQ(checked(bytes.substr(0, bytes.size() - 1)).trailing_bytes(), 0u);
  EXPECT_EQ(checked(bytes + "\x93NUMP").trailing_bytes(), 5u);
  EXPECT_FALSE(checked(bytes + "\x93NUMP").is_followed_by_npy);
  EXPECT_EQ(checked(bytes + bytes).trailing_bytes(), bytes.size());
  EXPECT_TRUE(checked(bytes + bytes).is_followed_by_npy);
}

TEST_F(CheckTest, AFileThatIsGoneIsAProblemOfItsOwn) {
  array("b.npy");
  const CheckedArray gone = check_array(root(), "a.npy");
  EXPECT_TRUE(gone.is_unreadable());
  EXPECT_FALSE(gone.is_damaged());
  EXPECT_THAT(gone.problem->sentence, HasSubstr("No such file"));
}

TEST_F(CheckTest, KeepsNothingOpen) {
  array("sub/a.npy");
  const std::size_t before = open_descriptors();
  (void)found();
  (void)check_array(root(), "sub/a.npy");
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace npyfs
