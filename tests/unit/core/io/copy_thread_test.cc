#include "core/io/copy_thread.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <array>
#include <atomic>
#include <barrier>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace npyfs {
namespace {

TEST(CopyThread, CallsEachPartOnce) {
  CopyThread helper;
  for (const std::size_t count : {0UL, 1UL, 2UL, 1000UL}) {
    std::vector<std::atomic<int>> calls(count);
    helper.share(count, [&](std::size_t part) { ++calls[part]; });
    for (const auto& times : calls) EXPECT_EQ(times, 1);
  }
}

TEST(CopyThread, TakesPart) {
  cpu_set_t cpus;
  ASSERT_EQ(::sched_getaffinity(0, sizeof cpus, &cpus), 0);
  if (CPU_COUNT(&cpus) == 1) GTEST_SKIP() << "there is no second CPU";
  CopyThread helper;
  for (int turn = 0; turn < 100; ++turn) {
    std::barrier both_are_here(2);  // passed only if each of two threads calls once
    helper.share(2, [&](std::size_t) { both_are_here.arrive_and_wait(); });
  }
}

TEST(CopyThread, LeavesAllToItsCallerOnOneCpu) {
  std::set<std::thread::id> threads;
  std::thread([&] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &one);
    ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    CopyThread helper;
    helper.share(100, [&](std::size_t) { threads.insert(std::this_thread::get_id()); });
  }).join();
  EXPECT_EQ(threads.size(), 1);
}

TEST(CopyThread, ThrowsWhatItsCallsThrowOnceAllHaveReturned) {
  CopyThread helper;
  for (int turn = 0; turn < 100; ++turn) {
    std::atomic<int> calls = 0;
    const auto throws_often = [&](std::size_t part) {
      ++calls;
      if (part % 3 == 0) throw std::runtime_error("no memory");
    };
    EXPECT_THROW(helper.share(10, throws_often), std::runtime_error);
    EXPECT_EQ(calls, 10);
  }
}

TEST(CopyThread, ServesManyCallersAtOnce) {
  CopyThread helper;
  std::array<std::atomic<int>, 4> sums = {};
  {
    std::vector<std::jthread> callers;
    for (auto& sum : sums) {
      callers.emplace_back([&] {
        for (int turn = 0; turn < 200; ++turn) {
          helper.share(10, [&](std::size_t part) { sum += static_cast<int>(part); });
        }
      });
    }
  }
  for (const auto& sum : sums) EXPECT_EQ(sum, 200 * 45);
}

}  // namespace
}  // namespace npyfs
