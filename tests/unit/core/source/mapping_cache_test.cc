#include "core/source/mapping_cache.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/uio.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/support/failing_calls.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

constexpr std::uint64_t kWindow = MappingCache::kWindowSize;

class MappingCacheTest : public testing::Test {
 protected:
  int open(const char* name) {
    fds_.emplace_back(::open(directory_.path(name).c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_TRUE(fds_.back());
    return fds_.back().get();
  }

  // How often a file of the test's directory is mapped now.
  std::size_t mapped_regions() const {
    std::ifstream maps("/proc/self/maps");
    std::size_t count = 0;
    for (std::string line; std::getline(maps, line);) count += line.find(directory_.path()) != std::string::npos;
    return count;
  }

  const TempDirectory directory_;
  std::vector<UniqueFd> fds_;
};

TEST_F(MappingCacheTest, AWindowHoldsTheBytesOfItsPartOfTheFile) {
  directory_.write("a", "at the start");
  directory_.truncate("a", 2 * kWindow + 100);
  {
    std::fstream file(directory_.path("a"), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(kWindow);
    file << "second";
    file.seekp(2 * kWindow + 96);
    file << "last";
  }
  MappingCache cache(8 * kWindow, 10);
  const int fd = open("a");
  const auto first = cache.window(1, fd, 0, 2 * kWindow + 100);
  const auto second = cache.window(1, fd, 1, 2 * kWindow + 100);
  const auto last = cache.window(1, fd, 2, 2 * kWindow + 100);
  ASSERT_TRUE(first && second && last);
  EXPECT_EQ((*first)->size(), kWindow);
  EXPECT_EQ((*second)->size(), kWindow);
  EXPECT_EQ((*last)->size(), 100u);
  const auto text = [](const Mapping& mapping, std::size_t at, std::size_t size) {
    return std::string(reinterpret_cast<const char*>(mapping.address()) + at, size);
  };
  EXPECT_EQ(text(**first, 0, 12), "at the start");
  EXPECT_EQ(text(**second, 0, 6), "second");
  EXPECT_EQ(text(**last, 96, 4), "last");
  EXPECT_EQ(cache.count(), 3u);
}

TEST_F(MappingCacheTest, OneWindowServesAllItsReaders) {
  directory_.write("a", "1234");
  directory_.write("b", "1234");
  MappingCache cache(kWindow, 10);
  const int a = open("a");
  const auto window = cache.window(1, a, 0, 4);
  EXPECT_EQ(*window, *cache.window(1, a, 0, 4));
  EXPECT_NE(*window, *cache.window(2, open("b"), 0, 4));
  EXPECT_EQ(cache.count(), 2u);
}

TEST_F(MappingCacheTest, UnmapsTheLeastRecentlyUsedBeyondTheNumberOfWindows) {
  for (const char* name : {"a", "b", "c"}) directory_.write(name, "1234");
  MappingCache cache(kWindow, 2);
  const int a = open("a");
  const int b = open("b");
  const Mapping* first = cache.window(1, a, 0, 4)->get();
  ASSERT_TRUE(cache.window(2, b, 0, 4));
  EXPECT_EQ(cache.window(1, a, 0, 4)->get(), first);  // now b is the older one
  ASSERT_TRUE(cache.window(3, open("c"), 0, 4));
  EXPECT_EQ(cache.count(), 2u);
  EXPECT_EQ(mapped_regions(), 2u);
  EXPECT_EQ(cache.window(1, a, 0, 4)->get(), first);
}

TEST_F(MappingCacheTest, UnmapsBeyondTheNumberOfBytesButGrantsOneWindow) {
  directory_.write("a", "");
  directory_.truncate("a", 10 * kWindow);
  MappingCache cache(3 * kWindow, 100);
  for (std::uint64_t index = 0; index < 10; ++index) {
    ASSERT_TRUE(cache.window(1, open("a"), index, 10 * kWindow));
    EXPECT_EQ(cache.count(), std::min<std::uint64_t>(index + 1, 3));
  }
  MappingCache small(100, 100);
  for (std::uint64_t index = 0; index < 3; ++index) {
    ASSERT_TRUE(small.window(2, open("a"), index, 10 * kWindow));
    EXPECT_EQ(small.count(), 1u);
  }
}

TEST_F(MappingCacheTest, AMappingThatIsHeldOutlivesTheCache) {
  directory_.write("a", "1234");
  std::shared_ptr<const Mapping> held;
  {
    MappingCache cache(kWindow, 2);
    held = *cache.window(1, open("a"), 0, 4);
    cache.forget_file(1);
    EXPECT_EQ(cache.count(), 0u);
  }
  EXPECT_EQ(static_cast<char>(held->address()[0]), '1');
  held.reset();
  EXPECT_EQ(mapped_regions(), 0u);
}

TEST_F(MappingCacheTest, ForgetsTheWindowsOfOneFileOnly) {
  directory_.write("a", "1234");
  directory_.truncate("a", kWindow + 1);
  MappingCache cache(2 * kWindow, 10);
  const int fd = open("a");
  ASSERT_TRUE(cache.window(1, fd, 0, kWindow + 1));
  ASSERT_TRUE(cache.window(1, fd, 1, kWindow + 1));
  const auto kept = cache.window(2, fd, 1, kWindow + 1);
  cache.forget_file(1);
  cache.forget_file(99);
  EXPECT_EQ(cache.count(), 1u);
  EXPECT_EQ(*cache.window(2, fd, 1, kWindow + 1), *kept);
  // What was forgotten no longer counts against the bound.
  ASSERT_TRUE(cache.window(3, fd, 0, kWindow + 1));
  EXPECT_EQ(cache.count(), 2u);
}

TEST_F(MappingCacheTest, ATruncatedFileIsEfaultFromTheKernelAndNoSignal) {
  directory_.write("a", std::string(100'000, 'x'));
  MappingCache cache(kWindow, 2);
  const auto window = cache.window(1, open("a"), 0, 100'000);
  ASSERT_TRUE(window);
  directory_.truncate("a", 100);
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  const UniqueFd reading(ends[0]);
  const UniqueFd writing(ends[1]);
  const iovec gone{(*window)->address() + 50'000, 1'000};
  EXPECT_EQ(::writev(writing.get(), &gone, 1), -1);
  EXPECT_EQ(errno, EFAULT);
}

TEST_F(MappingCacheTest, SaysWhyAFileCannotBeMapped) {
  MappingCache cache(kWindow, 2);
  const UniqueFd directory(::open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto window = cache.window(1, directory.get(), 0, 4096);
  ASSERT_FALSE(window);
  EXPECT_EQ(window.error().kind, ErrorKind::kSystem);
  EXPECT_EQ(cache.count(), 0u);
}

TEST_F(MappingCacheTest, ManyThreadsShareFewWindows) {
  directory_.write("a", "");
  directory_.truncate("a", 8 * kWindow);
  MappingCache cache(kWindow * 3, 3);
  const int fd = open("a");
  std::vector<std::jthread> threads;
  for (std::uint64_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::uint64_t i = 0; i < 500; ++i) {
        const auto window = cache.window(1, fd, (i * (thread + 1)) % 8, 8 * kWindow);
        ASSERT_TRUE(window);
        ASSERT_EQ(static_cast<char>((*window)->address()[i]), '\0');
      }
    });
  }
  threads.clear();
  EXPECT_LE(cache.count(), 3u);
  EXPECT_LE(mapped_regions(), 3u) << "neighbouring windows may be one region";
}

TEST_F(MappingCacheTest, MappingAWindowHoldsUpNobodyElse) {
  directory_.write("a", "1234");
  directory_.write("b", "1234");
  MappingCache cache(kWindow, 10);
  const int b = open("b");
  ASSERT_TRUE(cache.window(2, b, 0, 4));
  std::future<bool> other;  // outlives the hook, so that a failure does not become a deadlock
  const BeforeMmap hook([&] {
    other = std::async(std::launch::async, [&] { return cache.window(2, b, 0, 4).has_value(); });
    EXPECT_EQ(other.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  });
  EXPECT_TRUE(cache.window(1, open("a"), 0, 4));
  EXPECT_TRUE(other.get());
}

TEST_F(MappingCacheTest, TwoThreadsThatMapTheSameWindowGetOneMapping) {
  directory_.write("a", "1234");
  MappingCache cache(kWindow, 10);
  const int fd = open("a");
  std::future<std::shared_ptr<const Mapping>> other;
  const BeforeMmap hook([&] {
    other = std::async(std::launch::async, [&] { return *cache.window(1, fd, 0, 4); });
    EXPECT_EQ(other.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  });
  const auto window = cache.window(1, fd, 0, 4);
  ASSERT_TRUE(window);
  EXPECT_EQ(*window, other.get());
  EXPECT_EQ(cache.count(), 1u);
  EXPECT_EQ(mapped_regions(), 1u);
}

TEST_F(MappingCacheTest, ForgettingAFileTakesNoTimeForTheWindowsOfOthers) {
  directory_.write("a", "1234");
  const int fd = open("a");
  const auto time_to_forget_unknown_files = [&](std::uint64_t windows) {
    MappingCache cache(std::size_t{1} << 40, windows);
    for (std::uint64_t file = 0; file < windows; ++file) EXPECT_TRUE(cache.window(file, fd, 0, 4));
    const auto start = std::chrono::steady_clock::now();
    for (std::uint64_t file = 0; file < 10'000; ++file) cache.forget_file(windows + file);
    const auto end = std::chrono::steady_clock::now();
    EXPECT_EQ(cache.count(), windows);
    return end - start;
  };
  // If it were linear, 1,000 times as many windows would take hundreds of times as long.
  EXPECT_LT(time_to_forget_unknown_files(10'000), 50 * time_to_forget_unknown_files(10));
}

}  // namespace
}  // namespace npyfs
