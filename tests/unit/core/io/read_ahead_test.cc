#include "core/io/read_ahead.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

namespace npyfs {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kEnd = 100 * kMiB;

TEST(ReadAhead, AsksForNothingWhileNobodyWaits) {
  ReadAhead ahead;
  for (std::uint64_t offset = 0; offset < kEnd; offset += kMiB) {
    EXPECT_EQ(ahead.before_read({offset, kMiB}, kEnd).size, 0u);
  }
}

TEST(ReadAhead, AsksForEachRangeOnceAndStaysAhead) {
  ReadAhead ahead;
  ahead.before_read({0, kMiB}, kEnd);
  ahead.note_wait();
  std::uint64_t asked_until = kMiB;
  for (std::uint64_t offset = kMiB; offset < kEnd; offset += kMiB) {
    const Extent asked = ahead.before_read({offset, kMiB}, kEnd);
    const std::uint64_t read_until = offset + kMiB;
    if (asked.size > 0) {
      EXPECT_EQ(asked.offset, std::max(asked_until, read_until)) << "neither a gap nor what was asked for";
      asked_until = asked.offset + asked.size;
      EXPECT_LE(asked_until, std::min(kEnd, read_until + ReadAhead::kDistance));
      EXPECT_TRUE(asked.size >= ReadAhead::kStep || asked_until == kEnd);
    }
    EXPECT_GT(asked_until + ReadAhead::kStep, std::min(kEnd, read_until + ReadAhead::kDistance));
  }
  EXPECT_EQ(asked_until, kEnd);
}

TEST(ReadAhead, TakesTheKernelsRequestsInAnyOrder) {
  ReadAhead ahead;
  ahead.note_wait();
  std::uint64_t asked = 0;
  for (const std::uint64_t mib : {1u, 0u, 3u, 2u, 5u, 4u, 7u, 6u})
    asked += ahead.before_read({mib * kMiB, kMiB}, kEnd).size;
  EXPECT_GE(asked, ReadAhead::kDistance) << "still a sequential reader";
}

TEST(ReadAhead, AJumpIsNoSequentialReader) {
  ReadAhead ahead;
  ahead.before_read({0, kMiB}, kEnd);
  ahead.note_wait();
  EXPECT_EQ(ahead.before_read({50 * kMiB, kMiB}, kEnd).size, 0u);
  EXPECT_EQ(ahead.before_read({51 * kMiB, kMiB}, kEnd).size, 0u) << "it has not waited there yet";
  ahead.note_wait();
  const Extent asked = ahead.before_read({52 * kMiB, kMiB}, kEnd);
  EXPECT_EQ(asked.offset, 53 * kMiB);
  EXPECT_EQ(asked.size, ReadAhead::kDistance);
}

TEST(ReadAhead, NeverAsksBeyondTheEnd) {
  std::mt19937_64 random(1);
  ReadAhead ahead;
  for (int i = 0; i < 10'000; ++i) {
    ahead.note_wait();
    const Extent asked = ahead.before_read({random() % kEnd, random() % (4 * kMiB)}, kEnd);
    ASSERT_LE(asked.offset + asked.size, asked.size == 0 ? asked.offset : kEnd);
  }
  EXPECT_EQ(ahead.before_read({kEnd, 4096}, kEnd).size, 0u);
}

TEST(ReadAhead, IsSafeToUseFromManyThreads) {
  ReadAhead ahead;
  ahead.note_wait();
  std::atomic<std::uint64_t> next = 0;
  std::atomic<std::uint64_t> asked = 0;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (std::uint64_t mib = next++; mib < 100; mib = next++) {
        const Extent extent = ahead.before_read({mib * kMiB, kMiB}, kEnd);
        EXPECT_LE(extent.size, ReadAhead::kDistance + kMiB);
        asked += extent.size;
        ahead.note_wait();
      }
    });
  }
  threads.clear();
  EXPECT_GT(asked, 0u);
}

TEST(ReadAhead, EndsWhenAllIsInThePageCache) {
  ReadAhead ahead;
  std::uint64_t offset = 0;
  const auto asked = [&](std::uint64_t until) {
    std::uint64_t sum = 0;
    for (; offset < until; offset += kMiB) sum += ahead.before_read({offset, kMiB}, kEnd).size;
    return sum;
  };
  (void)asked(kMiB);
  ahead.note_wait();
  EXPECT_GT(asked(10 * kMiB), 0u);
  for (const bool waited : {false, true, false}) {
    const int count = waited ? 1 : ReadAhead::kMostCached - 1;
    for (int i = 0; i < count; ++i) ahead.note_prefetched(waited);
  }
  EXPECT_GT(asked(20 * kMiB), 0u) << "a part came from the disk";
  ahead.note_prefetched(false);
  EXPECT_EQ(asked(40 * kMiB), 0u);
  ahead.note_wait();
  EXPECT_GT(asked(60 * kMiB), 0u);
}

}  // namespace
}  // namespace npyfs
