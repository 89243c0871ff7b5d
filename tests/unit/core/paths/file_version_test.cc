#include "core/paths/file_version.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <vector>

#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

constexpr FileVersion kVersion{1, 2, 3, 4, 5};

TEST(FileVersion, ChangesWithEveryPartOfIt) {
  const std::vector<FileVersion> others = {{9, 2, 3, 4, 5}, {1, 9, 3, 4, 5}, {1, 2, 9, 4, 5}, {1, 2, 3, 9, 5},
                                           {1, 2, 3, 4, 9}, {2, 1, 3, 4, 5}, {1, 2, 3, 5, 4}, {1, 2, 3, 4, 5, 9}};
  std::set<std::uint64_t> hashes = {kVersion.hash()};
  for (const auto& other : others) {
    EXPECT_NE(other, kVersion);
    EXPECT_TRUE(hashes.insert(other.hash()).second);
  }
  EXPECT_EQ((FileVersion{1, 2, 3, 4, 5}), kVersion);
  EXPECT_EQ((FileVersion{1, 2, 3, 4, 5}).hash(), kVersion.hash());
}

TEST(FileVersion, WithoutTimesIsTheFileAndItsSize) {
  EXPECT_EQ(kVersion.without_times(), (FileVersion{1, 2, 3, 0, 0}));
  EXPECT_EQ((FileVersion{1, 2, 3, 4, 5, 6}).without_times(), (FileVersion{1, 2, 3, 0, 0}));
}

TEST(FileVersion, NeverHashesToNone) {
  for (std::uint64_t i = 0; i < 1000; ++i) EXPECT_NE((FileVersion{i, i, i, 0, 0}).hash(), 0u);
}

TEST(FileVersion, TellsNanosecondsAndFarTimesApart) {
  struct stat status = {};
  status.st_mtim = {1'700'000'000, 999'999'999};
  const auto now = FileVersion::of(status);
  status.st_mtim.tv_nsec -= 1;
  EXPECT_NE(FileVersion::of(status), now);
  for (const time_t seconds : {std::numeric_limits<time_t>::max(), std::numeric_limits<time_t>::min(), time_t{-1}}) {
    status.st_mtim = {seconds, 1};
    const auto far = FileVersion::of(status);
    status.st_mtim.tv_nsec = 2;
    EXPECT_NE(FileVersion::of(status), far);
  }
}

TEST(FileVersion, IsRacyUntilBothTimesLieBackMoreThanTwoSeconds) {
  const timespec now = {1'700'000'000, 500};
  const auto racy = [&](timespec modified, timespec changed) {
    struct stat status = {};
    status.st_mtim = modified;
    status.st_ctim = changed;
    return is_racy(status, now);
  };
  const timespec before = {now.tv_sec - 2, 499};
  const timespec two_seconds = {now.tv_sec - 2, 500};
  EXPECT_FALSE(racy(before, before));
  EXPECT_FALSE(racy({now.tv_sec - 3, 999'999'999}, before));
  EXPECT_TRUE(racy(two_seconds, before));
  EXPECT_TRUE(racy(before, two_seconds)) << "mtime may have been set back";
  EXPECT_TRUE(racy(before, now));
  EXPECT_TRUE(racy({now.tv_sec + 100, 0}, before)) << "in the future";
  EXPECT_FALSE(racy({std::numeric_limits<time_t>::min(), 0}, before));
  EXPECT_TRUE(racy({std::numeric_limits<time_t>::max(), 0}, before));
}

TEST(FileVersion, SeesAReplacedFileOfTheSameSizeAndTime) {
  const TempDirectory directory;
  directory.write("a", "1234");
  const auto before = stat_of(directory.path("a"));
  directory.replace("a", "5678");
  const timespec times[2] = {before.st_atim, before.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, directory.path("a").c_str(), times, 0), 0);
  const auto after = stat_of(directory.path("a"));
  ASSERT_EQ(FileVersion::of(before).mtime_ns, FileVersion::of(after).mtime_ns);
  EXPECT_NE(FileVersion::of(before), FileVersion::of(after));
}

TEST(FileVersion, IsTheSameForEveryNameOfAnUnchangedFile) {
  const TempDirectory directory;
  directory.write("a", "1234");
  std::filesystem::create_hard_link(directory.path("a"), directory.path("b"));
  EXPECT_EQ(FileVersion::of(stat_of(directory.path("a"))), FileVersion::of(stat_of(directory.path("b"))));
}

}  // namespace
}  // namespace npyfs
