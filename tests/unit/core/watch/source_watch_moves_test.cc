// Watched directories that are renamed, removed or replaced.
#include <fcntl.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/watch/source_watch.h"
#include "tests/unit/support/before_watching.h"
#include "tests/unit/support/source_watch_fixture.h"

namespace npyfs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST_F(SourceWatchTest, AWatchDoesNotFollowItsDirectoryToAnotherName) {
  watch_.add(7, path("sub"));
  watch_.add(8, path("sub/deep"));
  EXPECT_EQ(watch_.count(), 3u);
  std::filesystem::rename(directory_.path("sub"), directory_.path("other"));
  EXPECT_THAT(heard().paths, ElementsAre(Pair("other", true), Pair("sub", true)));
  EXPECT_EQ(watch_.count(), 1u);
  directory_.write("other/deep/a", "");
  EXPECT_THAT(heard().paths, IsEmpty());
  directory_.make_directory("sub/deep");  // another one by this name, and the same nodes
  heard();
  watch_.add(8, path("sub/deep"));
  directory_.write("sub/deep/a", "");
  EXPECT_THAT(heard().paths, ElementsAre(Pair("sub/deep/a", true)));
}

TEST_F(SourceWatchTest, WhatIsThereNowIsWatchedInPlaceOfWhatMoved) {
  watch_.add(7, path("sub"));
  watch_.add(8, path("sub/deep"));
  std::filesystem::rename(directory_.path("sub"), directory_.path("other"));
  std::filesystem::rename(directory_.path("other"), directory_.path("sub"));
  heard();
  EXPECT_EQ(watch_.count(), 1u);
  watch_.renew();
  EXPECT_EQ(watch_.count(), 3u);
  directory_.write("sub/deep/a", "");
  directory_.write("sub/a", "");
  EXPECT_THAT(heard().paths, ElementsAre(Pair("sub/a", true), Pair("sub/deep/a", true)));
}

TEST_F(SourceWatchTest, WhatComesBackLaterIsWatchedThen) {
  watch_.add(7, path("sub"));
  watch_.add(8, path("sub/deep"));
  watch_.add(9, path("not_yet"));
  for (const char* name : {"sub", "sub/deep"}) {
    std::filesystem::rename(directory_.path(name), directory_.path("other"));
    heard();
    watch_.renew();
    heard();
    watch_.renew();
    std::filesystem::rename(directory_.path("other"), directory_.path(name));
    heard();
    watch_.renew();
    EXPECT_EQ(watch_.count(), 3u) << name;
  }
  directory_.make_directory("not_yet");
  heard();
  watch_.renew();
  directory_.write("not_yet/a", "");
  EXPECT_THAT(heard().paths, ElementsAre(Pair("not_yet/a", true)));
}

TEST_F(SourceWatchTest, WhatTheKernelForgotIsNotWatchedAnew) {
  watch_.add(7, path("sub"));
  std::filesystem::rename(directory_.path("sub"), directory_.path("other"));
  std::filesystem::rename(directory_.path("other"), directory_.path("sub"));
  heard();
  watch_.remove(7);
  watch_.renew();
  EXPECT_EQ(watch_.count(), 1u);
}

TEST_F(SourceWatchTest, ADirectoryThatIsRenamedWhileItIsAddedIsNotWatchedByItsOldName) {
  directory_.make_directory("sub/new");
  int exchanges = 0;
  before_watching = [&] {
    if (++exchanges > 1) return 0;
    std::filesystem::rename(directory_.path("sub/deep"), directory_.path("sub/old"));
    std::filesystem::rename(directory_.path("sub/new"), directory_.path("sub/deep"));
    return 0;
  };
  watch_.add(7, path("sub/deep"));
  before_watching = nullptr;
  EXPECT_EQ(exchanges, 2);
  directory_.write("sub/old/a", "");
  directory_.write("sub/deep/b", "");
  EXPECT_THAT(heard().paths, ElementsAre(Pair("sub/deep/b", true)));
}

TEST_F(SourceWatchTest, ADirectoryThatNeverRestsIsNotWatched) {
  directory_.make_directory("new");
  before_watching = [&] {
    std::filesystem::rename(directory_.path("sub"), directory_.path("third"));
    std::filesystem::rename(directory_.path("new"), directory_.path("sub"));
    std::filesystem::rename(directory_.path("third"), directory_.path("new"));
    return 0;
  };
  watch_.add(7, path("sub"));
  before_watching = nullptr;
  EXPECT_EQ(watch_.count(), 1u);
  watch_.add(7, path("sub"));
  EXPECT_EQ(watch_.count(), 2u);
}

TEST_F(SourceWatchTest, ADirectoryThatIsRemovedIsWatchedNoLonger) {
  watch_.add(8, path("sub/deep"));
  std::filesystem::remove(directory_.path("sub/deep"));
  EXPECT_THAT(heard().paths, ElementsAre(Pair("sub/deep", true))) << "though nobody watches sub";
  EXPECT_EQ(watch_.count(), 1u);
}

TEST_F(SourceWatchTest, TheSourceMayBeRenamed) {
  const std::string moved = directory_.path() + ".moved";
  std::filesystem::rename(directory_.path(), moved);
  std::filesystem::rename(moved, directory_.path());
  EXPECT_THAT(heard().paths, IsEmpty());
  EXPECT_EQ(watch_.count(), 1u);
}

TEST_F(SourceWatchTest, SaysWhenEventsWereLost) {
  watch_.add(7, path("sub"));
  std::size_t queued = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> queued;
  if (queued > 100'000) GTEST_SKIP() << "that takes too long to fill";
  for (std::size_t i = 0; i < queued; ++i) ASSERT_EQ(::chmod(directory_.path(i % 2 ? "old" : "sub").c_str(), 0700), 0);
  bool lost = false;
  while (!lost) {
    const auto changes = watch_.wait();
    ASSERT_TRUE(changes && *changes);
    lost = (*changes)->everything;
  }
  EXPECT_EQ(watch_.count(), 0u) << "any directory may have moved";
  watch_.renew();
  EXPECT_EQ(watch_.count(), 2u);
  directory_.write("sub/a", "");
  EXPECT_THAT(heard().paths, ElementsAre(Pair("sub/a", true)));
}

TEST_F(SourceWatchTest, WhenTheRootIsReplacedAllIsWatchedAnew) {
  watch_.add(7, path("sub"));
  const TempDirectory other;
  other.make_directory("sub");
  ASSERT_TRUE(root_.replace(UniqueFd(::open(other.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC))));
  watch_.drop_all();
  EXPECT_EQ(watch_.count(), 0u);
  watch_.renew();
  EXPECT_EQ(watch_.count(), 2u);
  directory_.write("sub/old", "");
  other.write("sub/new", "");
  const auto changes = watch_.wait();
  ASSERT_TRUE(changes && *changes);
  EXPECT_THAT((*changes)->paths, testing::Contains(Pair("sub/new", true)));
  EXPECT_THAT((*changes)->paths, testing::Not(testing::Contains(Pair("sub/old", true))));
}

}  // namespace
}  // namespace npyfs
