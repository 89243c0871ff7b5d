#include "core/array/source_cache.h"

#include <gtest/gtest.h>

#include <barrier>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/support/later_clock.h"
#include "tests/unit/support/mapped_writer.h"
#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/short_reads.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

using Clock = SourceCache::Clock;

class SourceCacheTest : public testing::Test {
 protected:
  SourceCacheTest() : root_(*SourceRoot::open(directory_.path(), Symlinks::kWithinRoot, Users::kOwner)) {
    for (const char* name : {"a.npy", "b.npy", "c.npy", "d.npy"}) directory_.write(name, npy_bytes({.shape = {4}}));
  }

  struct stat status(const std::string& name) const { return stat_of(directory_.path(name)); }
  Result<std::shared_ptr<const NpyFile>> get(SourceCache& cache, const std::string& name) const {
    return cache.array(name, status(name));
  }

  const TempDirectory directory_;
  const SourceRoot root_;
};

TEST_F(SourceCacheTest, OpensAFileOnce) {
  SourceCache cache(root_, SourceIo::kMmap, 10, WrittenHere::kNo);
  const auto first = get(cache, "a.npy");
  ASSERT_TRUE(first);
  EXPECT_EQ((*first)->file()->path(), "a.npy");
  const std::size_t open = open_descriptors();
  EXPECT_EQ(*get(cache, "a.npy"), *first);
  EXPECT_EQ(open_descriptors(), open);
  EXPECT_NE(*get(cache, "b.npy"), *first);
  EXPECT_EQ(cache.count(), 2u);
}

TEST_F(SourceCacheTest, ManyThreadsShareOneOpen) {
  SourceCache cache(root_, SourceIo::kMmap, 10, WrittenHere::kNo);
  constexpr int kThreads = 8;
  const std::size_t before = open_descriptors();
  for (int round = 0; round < 50; ++round) {
    std::vector<std::shared_ptr<const NpyFile>> files(kThreads);
    std::barrier start(kThreads);
    std::vector<std::jthread> threads;
    for (auto& file : files) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        file = *get(cache, "a.npy");
      });
    }
    threads.clear();
    for (const auto& file : files) ASSERT_EQ(file, files[0]);
    ASSERT_EQ(open_descriptors(), before + 1);
    cache.close_unused_since(Clock::time_point::max());
  }
}

TEST_F(SourceCacheTest, KnowsAFileAsAnArrayAndAsBytes) {
  SourceCache cache(root_, SourceIo::kMmap, 10, WrittenHere::kNo);
  const auto array = cache.array("a.npy", status("a.npy"));
  const auto bytes = cache.file("a.npy", status("a.npy"));
  ASSERT_TRUE(array && bytes);
  EXPECT_EQ(*cache.array("a.npy", status("a.npy")), *array);
  EXPECT_EQ(*cache.file("a.npy", status("a.npy")), *bytes);
  EXPECT_EQ(cache.count(), 2u);
  EXPECT_NE((*array)->file(), *bytes) << "the one has a header, the other was never looked into";
}

TEST_F(SourceCacheTest, ClosesTheLeastRecentlyUsedBeyondItsCapacity) {
  SourceCache cache(root_, SourceIo::kMmap, 2, WrittenHere::kNo);
  const std::size_t before = open_descriptors();
  std::weak_ptr<const NpyFile> a = *get(cache, "a.npy");
  std::weak_ptr<const NpyFile> b = *get(cache, "b.npy");
  ASSERT_TRUE(get(cache, "a.npy"));
  ASSERT_TRUE(get(cache, "c.npy"));
  EXPECT_FALSE(a.expired());
  EXPECT_TRUE(b.expired());
  EXPECT_EQ(cache.count(), 2u);
  EXPECT_EQ(open_descriptors(), before + 2);
}

TEST_F(SourceCacheTest, WhatIsHeldLivesOnAfterItLeft) {
  SourceCache cache(root_, SourceIo::kMmap, 1, WrittenHere::kNo);
  const auto held = *get(cache, "a.npy");
  ASSERT_TRUE(get(cache, "b.npy"));
  EXPECT_EQ(cache.count(), 1u);
  EXPECT_TRUE(held->file()->check_size({0, held->file()->size()}));
}

TEST_F(SourceCacheTest, ClosesWhatNobodyHasUsedSince) {
  SourceCache cache(root_, SourceIo::kMmap, 10, WrittenHere::kNo);
  const std::size_t before = open_descriptors();
  EXPECT_EQ(cache.close_unused_since(Clock::now()), Clock::time_point::max());
  ASSERT_TRUE(get(cache, "a.npy"));
  ASSERT_TRUE(get(cache, "b.npy"));
  const auto between = Clock::now();
  while (Clock::now() == between) {
  }
  ASSERT_TRUE(get(cache, "a.npy"));
  const auto next = cache.close_unused_since(between);
  EXPECT_EQ(cache.count(), 1u) << "b.npy is closed";
  EXPECT_GT(next, between);
  EXPECT_LE(next, Clock::now());
  EXPECT_EQ(cache.close_unused_since(next), Clock::time_point::max());
  EXPECT_EQ(cache.count(), 0u);
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(SourceCacheTest, AReplacedFileIsAnother) {
  SourceCache cache(root_, SourceIo::kMmap, 10, WrittenHere::kNo);
  const auto old_version = status("a.npy");
  const auto old = get(cache, "a.npy");
  directory_.replace("a.npy", npy_bytes({.shape = {8}}));
  const auto replaced = get(cache, "a.npy");
  ASSERT_TRUE(old && replaced);
  EXPECT_NE(*old, *replaced);
  EXPECT_EQ((*replaced)->header()->shape[0], 8u);
  EXPECT_EQ(*cache.array("a.npy", old_version), *old) << "what is open stays what it was";
}

TEST_F(SourceCacheTest, AFileThatIsReplacedBeforeItIsOpenedIsNotKeptForTheOther) {
  SourceCache cache(root_, SourceIo::kMmap, 10, WrittenHere::kNo);
  const auto seen = status("a.npy");
  directory_.replace("a.npy", npy_bytes({.shape = {8}}));
  const auto opened = cache.array("a.npy", seen);
  ASSERT_TRUE(opened);
  EXPECT_FALSE((*opened)->is_version_of(seen)) << "its version tells";
  EXPECT_EQ(cache.count(), 0u);
}

TEST_F(SourceCacheTest, AnArrayThatIsWrittenStaysTheSameWhileItsHeaderDoes) {
  SourceCache cache(root_, SourceIo::kMmap, 10, WrittenHere::kYes);
  std::filesystem::last_write_time(directory_.path("a.npy"), {});  // before Linux 6.13 times do not go on at once
  const auto get_written = [&] { return *get(cache, "a.npy"); };
  const auto first = get_written();
  const std::string rows(directory_.size("a.npy") - 128, 'x');
  directory_.overwrite("a.npy", 128, rows);
  EXPECT_NE(FileVersion::of(status("a.npy")), FileVersion::of(first->file()->status()));
  EXPECT_EQ(get_written(), first);

  directory_.overwrite("a.npy", 0, npy_bytes({.descr = "'<u8'", .shape = {4}}).substr(0, 128));
  const auto other = get_written();
  EXPECT_NE(other, first);
  EXPECT_NE(other->version(), first->version());
  EXPECT_EQ(other->header()->descr, "'<u8'");
  EXPECT_EQ(get_written(), other);
}

TEST_F(SourceCacheTest, AHeaderThatWasReadBeforeItsTimesLayBackIsComparedWithTheFiles) {
  SourceCache cache(root_, SourceIo::kMmap, 10, WrittenHere::kNo);
  MappedWriter writer(directory_.path("a.npy"));
  const auto seen = status("a.npy");
  const auto first = *get(cache, "a.npy");
  EXPECT_EQ(*get(cache, "a.npy"), first);
  writer.store(0, npy_bytes({.descr = "'<u8'", .shape = {4}}));
  ASSERT_EQ(FileVersion::of(status("a.npy")), FileVersion::of(seen));
  const auto other = *get(cache, "a.npy");
  EXPECT_EQ(other->header()->descr, "'<u8'");
  EXPECT_NE(other->version(), first->version());
  EXPECT_EQ(*get(cache, "a.npy"), other);
  EXPECT_EQ(cache.count(), 1u);
}

TEST_F(SourceCacheTest, AHeaderIsComparedOnceMoreAfterADoubt) {
  const LaterClock later;
  SourceCache cache(root_, SourceIo::kMmap, 10, WrittenHere::kNo);
  MappedWriter writer(directory_.path("a.npy"));
  const auto first = *get(cache, "a.npy");
  const auto compares = [&] {
    const ShortReads reads;
    EXPECT_EQ(*get(cache, "a.npy"), first);
    return reads.calls() > 0;
  };
  EXPECT_FALSE(compares());
  cache.distrust_headers();
  EXPECT_TRUE(compares());
  EXPECT_FALSE(compares());
  writer.store(0, npy_bytes({.descr = "'<u8'", .shape = {4}}));
  cache.distrust_headers();
  EXPECT_EQ((*get(cache, "a.npy"))->header()->descr, "'<u8'");
}

TEST_F(SourceCacheTest, AFailureIsNotKept) {
  SourceCache cache(root_, SourceIo::kMmap, 10, WrittenHere::kNo);
  const auto seen = status("a.npy");
  std::filesystem::rename(directory_.path("a.npy"), directory_.path("elsewhere"));
  EXPECT_EQ(to_errno(cache.array("a.npy", seen).error()), ENOENT);
  EXPECT_EQ(cache.count(), 0u);
  std::filesystem::rename(directory_.path("elsewhere"), directory_.path("a.npy"));
  EXPECT_TRUE(get(cache, "a.npy"));
}

TEST_F(SourceCacheTest, ThreadsThatOpenMoreThanItHoldsAllGetTheirs) {
  SourceCache cache(root_, SourceIo::kMmap, 2, WrittenHere::kNo);
  const std::vector<std::string> names = {"a.npy", "b.npy", "c.npy", "d.npy"};
  std::vector<struct stat> seen;
  for (const auto& name : names) seen.push_back(status(name));
  std::vector<std::jthread> threads;
  for (std::size_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::size_t i = 0; i < 300; ++i) {
        const std::size_t which = (i * (thread + 1)) % names.size();
        const auto file = cache.array(names[which], seen[which]);
        ASSERT_TRUE(file);
        ASSERT_EQ((*file)->file()->path(), names[which]);
        ASSERT_TRUE((*file)->file()->window(0));
        if (i % 50 == 0) cache.close_unused_since(Clock::now());
      }
    });
  }
  threads.clear();
  EXPECT_LE(cache.count(), 2u);
  cache.close_unused_since(Clock::time_point::max());
  EXPECT_EQ(cache.mappings(), 0u);
}

}  // namespace
}  // namespace npyfs
