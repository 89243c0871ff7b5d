#include "core/io/prefetcher.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/uio.h>
#include <unistd.h>

#include <string>

#include "core/base/unique_fd.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

class PrefetcherTest : public testing::Test {
 protected:
  std::shared_ptr<const SourceFile> file(const std::string& name, std::uint64_t size) const {
    directory_.write(name, std::string(size, 'x'));
    return open(name);
  }
  // Without blocks on the disk, so it may be of any size.
  std::shared_ptr<const SourceFile> sparse_file(const std::string& name, std::uint64_t size) const {
    directory_.write(name, "");
    EXPECT_EQ(::truncate(directory_.path(name).c_str(), static_cast<off_t>(size)), 0);
    return open(name);
  }
  std::shared_ptr<const SourceFile> open(const std::string& name) const {
    return SourceFile::open(root_, name, SourceIo::kPread, nullptr).value();
  }
  // Drops the file's pages from the page cache, which some filesystems do not.
  static void drop_pages(const SourceFile& file) {
    EXPECT_EQ(::fsync(file.fd()), 0);
    EXPECT_EQ(::posix_fadvise(file.fd(), 0, 0, POSIX_FADV_DONTNEED), 0);
  }
  static bool is_cached(const SourceFile& file, std::uint64_t offset) {
    char byte;
    const iovec piece{&byte, 1};
    return ::preadv2(file.fd(), &piece, 1, static_cast<off_t>(offset), RWF_NOWAIT) == 1;
  }

  const TempDirectory directory_;
  const SourceRoot root_ = *SourceRoot::open(directory_.path(), Symlinks::kWithinRoot, Users::kOwner);
  const std::shared_ptr<ReadAhead> reader_ = std::make_shared<ReadAhead>();
  const std::shared_ptr<ReadAhead> other_ = std::make_shared<ReadAhead>();
};

TEST_F(PrefetcherTest, ReadsRangesIntoThePageCache) {
  const auto a = file("a", 6 * kMiB);
  const auto b = file("b", 2 * kMiB);
  drop_pages(*a);
  drop_pages(*b);
  if (is_cached(*a, 0)) GTEST_SKIP() << "the filesystem keeps all pages";
  Prefetcher prefetcher;
  ASSERT_TRUE(prefetcher.start(reader_, {{a, {kMiB, 2 * kMiB}, 10 * kMiB}, {b, {0, 2 * kMiB}, 12 * kMiB}}));
  prefetcher.wait(*reader_, 14 * kMiB);
  for (std::uint64_t offset = kMiB; offset < 3 * kMiB; offset += 4096) EXPECT_TRUE(is_cached(*a, offset)) << offset;
  for (std::uint64_t offset = 0; offset < 2 * kMiB; offset += 4096) EXPECT_TRUE(is_cached(*b, offset)) << offset;
  EXPECT_FALSE(is_cached(*a, 5 * kMiB));
}

TEST_F(PrefetcherTest, WorksForOneReaderAtATime) {
  constexpr std::uint64_t kLong = std::uint64_t{1} << 40;  // takes minutes
  Prefetcher prefetcher;
  ASSERT_TRUE(prefetcher.start(reader_, {{sparse_file("a", kLong), {0, kLong}, 0}}));
  EXPECT_FALSE(prefetcher.start(other_, {{file("b", kMiB), {0, kMiB}, 0}}));
  prefetcher.wait(*other_, kMiB);  // at once
  EXPECT_TRUE(prefetcher.start(reader_, {{file("c", kMiB), {0, kMiB}, kLong}}));
  prefetcher.wait(*reader_, 2 * kMiB);
}

TEST_F(PrefetcherTest, IsFreeForAnotherReaderAfterwards) {
  const auto a = file("a", kMiB);
  Prefetcher prefetcher;
  for (int i = 0; i < 100; ++i) {
    for (const auto& reader : {reader_, other_}) {
      ASSERT_TRUE(prefetcher.start(reader, {{a, {0, kMiB}, 0}}));
      prefetcher.wait(*reader, kMiB);
    }
  }
}

TEST_F(PrefetcherTest, LetsGoOfTheFile) {
  auto a = file("a", kMiB);
  const std::weak_ptr<const SourceFile> watched = a;
  Prefetcher prefetcher;
  ASSERT_TRUE(prefetcher.start(reader_, {{std::move(a), {0, kMiB}, 0}}));
  prefetcher.wait(*reader_, kMiB);
  EXPECT_TRUE(watched.expired());
}

TEST_F(PrefetcherTest, IsNotDisturbedByATruncatedFile) {
  const auto a = file("a", 4 * kMiB);
  ASSERT_EQ(::truncate(directory_.path("a").c_str(), 0), 0);
  Prefetcher prefetcher;
  ASSERT_TRUE(prefetcher.start(reader_, {{a, {0, 4 * kMiB}, 0}}));
  prefetcher.wait(*reader_, 4 * kMiB);
  EXPECT_TRUE(prefetcher.start(other_, {}));
}

}  // namespace
}  // namespace npyfs
