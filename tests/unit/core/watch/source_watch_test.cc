#include "core/watch/source_watch.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "tests/unit/support/before_watching.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class SourceWatchTest : public testing::Test {
 protected:
  SourceWatchTest() {
    EXPECT_TRUE(watch_.start());
    directory_.make_directory("sub/deep");
    directory_.write("old", "old");
    watch_.add(kRootNode, path(""));
  }

  static std::shared_ptr<const std::string> path(const std::string& text) {
    return std::make_shared<const std::string>(text);
  }

  // All that is heard of up to now: what is told at once of a file that is made for this.
  SourceChanges heard() {
    directory_.write("marker", "");
    std::filesystem::remove(directory_.path("marker"));
    SourceChanges all;
    while (!all.paths.contains("marker")) {
      const auto changes = watch_.wait();
      if (!changes || !*changes) {
        ADD_FAILURE() << "nothing is heard any more";
        break;
      }
      for (const auto& [changed, has_come_or_gone] : (*changes)->paths) all.add(changed, has_come_or_gone);
      all.directories.insert((*changes)->directories.begin(), (*changes)->directories.end());
      all.everything |= (*changes)->everything;
    }
    all.paths.erase("marker");
    return all;
  }

  const TempDirectory directory_;
  SourceRoot root_ = std::move(*SourceRoot::open(directory_.path(), LeavingLinks::kAreLinks, Users::kOwner));
  SourceWatch watch_{root_};
};

TEST_F(SourceWatchTest, HearsOfNamesThatComeAndGo) {
  directory_.write("new", "");
  std::filesystem::remove(directory_.path("old"));
  directory_.make_directory("made");
  std::filesystem::rename(directory_.path("new"), directory_.path("renamed"));
  const auto changes = heard();
  EXPECT_THAT(changes.paths,
              ElementsAre(Pair("made", true), Pair("new", true), Pair("old", true), Pair("renamed", true)));
  EXPECT_THAT(changes.directories, ElementsAre(""));
  EXPECT_FALSE(changes.everything);
}

TEST_F(SourceWatchTest, HearsOfFilesThatWereWrittenOnceTheyAreClosed) {
  std::ofstream file(directory_.path("old"));
  file << "new" << std::flush;
  EXPECT_THAT(heard().paths, IsEmpty()) << "a write is no event";
  file.close();
  EXPECT_THAT(heard().paths, ElementsAre(Pair("old", false)));
}

TEST_F(SourceWatchTest, HearsOfAttributes) {
  ASSERT_EQ(::chmod(directory_.path("old").c_str(), 0600), 0);
  ASSERT_EQ(::chmod(directory_.path("sub").c_str(), 0700), 0);
  auto changes = heard();
  EXPECT_THAT(changes.paths, ElementsAre(Pair("old", false), Pair("sub", false)));
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0750), 0);
  changes = heard();
  EXPECT_THAT(changes.paths, IsEmpty());
  EXPECT_THAT(changes.directories, ElementsAre(""));
}

TEST_F(SourceWatchTest, HearsNothingOfReaders) {
  EXPECT_EQ(directory_.read("old"), "old");
  EXPECT_FALSE(std::filesystem::is_empty(directory_.path("sub")));
  EXPECT_THAT(heard().paths, IsEmpty());
}

TEST_F(SourceWatchTest, HearsOfDirectoriesThatWereAddedAlone) {
  directory_.write("sub/deep/a", "");
  EXPECT_THAT(heard().paths, IsEmpty());
  watch_.add(7, path("sub/deep"));
  directory_.write("sub/deep/b", "");
  directory_.write("sub/b", "");
  EXPECT_THAT(heard().paths, ElementsAre(Pair("sub/deep/b", true)));
}

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

// Opened, then renamed with another one in its place, and nobody hears of that.
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

TEST_F(SourceWatchTest, ADirectoryWithTwoNamesIsWatchedOnceAndToldByBoth) {
  directory_.make_link("link", "sub");
  heard();
  watch_.add(7, path("sub"));
  watch_.add(8, path("link"));
  EXPECT_EQ(watch_.count(), 2u);
  directory_.write("sub/a", "");
  EXPECT_THAT(heard().paths, ElementsAre(Pair("link/a", true), Pair("sub/a", true)));
  watch_.remove(7);
  EXPECT_EQ(watch_.count(), 2u);
  directory_.write("sub/b", "");
  EXPECT_THAT(heard().paths, ElementsAre(Pair("link/b", true)));
  std::filesystem::remove(directory_.path("link"));
  heard();
  EXPECT_EQ(watch_.count(), 1u);
}

TEST_F(SourceWatchTest, GivesWatchesBack) {
  watch_.add(7, path("sub"));
  watch_.add(7, path("sub"));
  watch_.remove(7);
  watch_.remove(7);
  watch_.remove(12345);
  EXPECT_EQ(watch_.count(), 1u);
  directory_.write("sub/a", "");
  EXPECT_THAT(heard().paths, IsEmpty());
}

TEST_F(SourceWatchTest, TheNumberOfWatchesIsBounded) {
  SourceWatch bounded(root_, 10);
  ASSERT_TRUE(bounded.start());
  for (NodeId id = 2; id < 20; ++id) {
    const std::string name = fmt::format("d{}", id);
    directory_.make_directory(name);
    bounded.add(id, path(name));
  }
  EXPECT_EQ(bounded.count(), 10u);
  bounded.remove(2);
  for (NodeId id = 100; id < 105; ++id) bounded.add(id, path("missing"));
  bounded.add(3'000'000, path("sub"));
  EXPECT_EQ(bounded.count(), 10u) << "what is not watched does not count";
}

TEST_F(SourceWatchTest, WhatIsRefusedDoesNotCountAndIsTriedOnce) {
  SourceWatch bounded(root_, 1);
  ASSERT_TRUE(bounded.start());
  int tried = 0;
  int refused = 0;
  bounded.on_refusal([&](const Error&) { ++refused; });
  before_watching = [&] {
    ++tried;
    return ENOSPC;
  };
  for (int round = 0; round < 2; ++round) {
    for (NodeId id = 2; id < 20; ++id) bounded.add(id, path("sub"));
  }
  before_watching = nullptr;
  EXPECT_EQ(tried, 18);
  EXPECT_EQ(refused, 1);
  bounded.add(2, path("sub"));
  EXPECT_EQ(bounded.count(), 0u);
  bounded.remove(2);
  bounded.add(2, path("sub"));
  EXPECT_EQ(bounded.count(), 1u);
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

TEST_F(SourceWatchTest, StopEndsWaitingAndResting) {
  EXPECT_FALSE(watch_.rest(std::chrono::milliseconds(1)));
  std::jthread stopper([&] { watch_.stop(); });
  auto changes = watch_.wait();
  while (changes && *changes) changes = watch_.wait();  // something was mounted elsewhere
  ASSERT_TRUE(changes);
  EXPECT_FALSE(*changes);
  EXPECT_TRUE(watch_.rest(std::chrono::hours(1)));
  EXPECT_TRUE(watch_.is_stopped());
}

TEST_F(SourceWatchTest, WhatIsNotThereIsNotWatched) {
  watch_.add(7, path("missing"));
  watch_.add(8, path("old"));
  EXPECT_EQ(watch_.count(), 1u);
}

TEST_F(SourceWatchTest, NothingIsWatchedBeforeTheStart) {
  SourceWatch other(root_);
  other.add(kRootNode, path(""));
  other.remove(kRootNode);
  other.stop();
  EXPECT_EQ(other.count(), 0u);
}

TEST_F(SourceWatchTest, GivesItsDescriptorsBack) {
  const auto before = open_descriptors();
  {
    SourceWatch other(root_);
    ASSERT_TRUE(other.start());
    other.add(kRootNode, path(""));
    EXPECT_EQ(open_descriptors(), before + 3);
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(SourceWatchTest, ManyThreadsAddAndRemove) {
  std::vector<std::jthread> threads;
  for (NodeId first = 10; first < 14; ++first) {
    threads.emplace_back([&, first] {
      for (int i = 0; i < 300; ++i) {
        watch_.add(first, path(i % 2 ? "sub" : "sub/deep"));
        watch_.remove(first);
      }
    });
  }
  for (int i = 0; i < 50; ++i) directory_.write("sub/a", "");
  threads.clear();
  EXPECT_EQ(watch_.count(), 1u);
  heard();
}

}  // namespace
}  // namespace npyfs
