#include "core/io/guarded_copy.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "core/base/unique_fd.h"
#include "tests/unit/support/npy_bytes.h"

namespace npyfs {
namespace {

constexpr std::size_t kSize = 64 << 10;

// A file in memory, mapped whole.
class GuardedCopyTest : public testing::Test {
 protected:
  GuardedCopyTest() : fd_(::memfd_create("source", MFD_CLOEXEC)), bytes_(pattern_bytes(kSize)) {
    EXPECT_EQ(::pwrite(fd_.get(), bytes_.data(), kSize, 0), static_cast<ssize_t>(kSize));
    mapped_ = static_cast<std::byte*>(::mmap(nullptr, kSize, PROT_READ, MAP_SHARED, fd_.get(), 0));
    EXPECT_NE(mapped_, MAP_FAILED);
  }
  ~GuardedCopyTest() override { ::munmap(mapped_, kSize); }

  void truncate(std::size_t size) { EXPECT_EQ(::ftruncate(fd_.get(), static_cast<off_t>(size)), 0); }

  UniqueFd fd_;
  const std::string bytes_;
  std::byte* mapped_ = nullptr;
};

TEST_F(GuardedCopyTest, CopiesRunsOfEverySizeForwardsAndBackwards) {
  for (const std::size_t size : {1u, 2u, 3u, 4u, 7u, 8u, 16u, 17u, 64u, 1000u}) {
    for (const std::int64_t stride : {1000, 1001, -1000, -1500}) {
      constexpr std::size_t kCount = 30;
      const std::size_t first = stride < 0 ? 29 * 1500 : 5;
      std::vector<std::byte> out(size * kCount);
      ASSERT_TRUE(copy_guarded(mapped_ + first, size, stride, kCount, out.data()));
      std::string expected;
      for (std::size_t i = 0; i < kCount; ++i) {
        expected += bytes_.substr(first + i * static_cast<std::size_t>(stride), size);
      }
      EXPECT_EQ(std::string(reinterpret_cast<const char*>(out.data()), out.size()), expected) << size << " " << stride;
    }
  }
}

TEST_F(GuardedCopyTest, SaysSoWhereThePagesAreGone) {
  std::vector<std::byte> out(kSize);
  truncate(8192);
  EXPECT_TRUE(copy_guarded(mapped_, 8192, 0, 1, out.data()));
  EXPECT_FALSE(copy_guarded(mapped_, kSize, 0, 1, out.data()));
  EXPECT_FALSE(copy_guarded(mapped_ + 16384, 4, 4, 100, out.data()));
  EXPECT_TRUE(copy_guarded(mapped_, 4, 64, 100, out.data())) << "and goes on working";
}

TEST_F(GuardedCopyTest, EachThreadRecoversByItself) {
  std::atomic<bool> stop = false;
  std::atomic<int> failures = 0;
  std::atomic<int> successes = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      std::vector<std::byte> out(kSize);
      while (!stop) {
        if (copy_guarded(mapped_, 64, 128, kSize / 128, out.data())) {
          ++successes;
        } else {
          ++failures;
        }
      }
    });
  }
  // Until both outcomes were seen often, however slow the machine is.
  for (int i = 0; i < 200 || failures < 100 || successes < 100; ++i) {
    truncate(4096);
    std::this_thread::yield();
    truncate(kSize);
    std::this_thread::yield();
  }
  stop = true;
}

TEST_F(GuardedCopyTest, OtherBusErrorsEndTheProcess) {
  std::vector<std::byte> out(16);
  ASSERT_TRUE(copy_guarded(mapped_, 16, 0, 1, out.data()));
  truncate(0);
  volatile const std::byte* gone = mapped_;
  EXPECT_DEATH((void)static_cast<int>(gone[0]), "");
}

}  // namespace
}  // namespace npyfs
