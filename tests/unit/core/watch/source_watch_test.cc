#include "core/watch/source_watch.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/support/before_watching.h"
#include "tests/unit/support/source_watch_fixture.h"

namespace npyfs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

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
  int tried = 0;
  int refused = 0;
  ASSERT_TRUE(bounded.start([&](const Error&) { ++refused; }));
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

TEST_F(SourceWatchTest, TellsThatSomethingWasMounted) {
  int ends[2];  // sockets instead of the mount table: urgent data has POLLPRI, too
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd mounts(ends[0]);
  const UniqueFd other_end(ends[1]);
  directory_.write("new", "");
  auto changes = watch_.wait(mounts.get());
  ASSERT_TRUE(changes && *changes);
  EXPECT_FALSE((*changes)->mounts);
  EXPECT_THAT((*changes)->paths, testing::Contains(Pair("new", true)));
  if (::send(other_end.get(), "x", 1, MSG_OOB) != 1) GTEST_SKIP() << "such sockets are new in Linux 5.15";
  changes = watch_.wait(mounts.get());
  ASSERT_TRUE(changes && *changes);
  EXPECT_TRUE((*changes)->mounts);
  EXPECT_FALSE((*changes)->everything);
  EXPECT_THAT((*changes)->paths, IsEmpty());
}

TEST_F(SourceWatchTest, StopEndsWaitingAndResting) {
  EXPECT_FALSE(watch_.sleep_for(std::chrono::milliseconds(1)));
  std::jthread stopper([&] { watch_.stop(); });
  auto changes = watch_.wait();
  ASSERT_TRUE(changes);
  EXPECT_FALSE(*changes);
  EXPECT_TRUE(watch_.sleep_for(std::chrono::hours(1)));
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
    EXPECT_EQ(open_descriptors(), before + 2);
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
