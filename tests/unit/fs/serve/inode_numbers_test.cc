#include "fs/serve/inode_numbers.h"

#include <gtest/gtest.h>

#include <set>

namespace npyfs {
namespace {

constexpr ino_t kWide = (ino_t{1} << 52) + 12345;

TEST(InodeNumbers, AreShownAsTheyAreWithoutTheOption) {
  const InodeNumbers numbers(false);
  EXPECT_EQ(numbers.shown(7), 7u);
  EXPECT_EQ(numbers.shown(kWide), kWide);
}

TEST(InodeNumbers, FitIn32BitsStayTheSameAndDiffer) {
  const InodeNumbers numbers(true);
  EXPECT_EQ(numbers.shown(7), 7u);
  EXPECT_EQ(numbers.shown((ino_t{1} << 31) - 1), (ino_t{1} << 31) - 1);
  std::set<ino_t> shown;
  // Among them are numbers of 32 bits that are the source's own, and that others are given.
  for (ino_t i = 0; i < 1000; ++i) shown.insert({numbers.shown(kWide + i), numbers.shown((ino_t{1} << 31) + i)});
  EXPECT_EQ(shown.size(), 2000u);
  EXPECT_LT(*shown.rbegin(), ino_t{1} << 32);
  EXPECT_EQ(numbers.shown(kWide), *shown.begin());
}

}  // namespace
}  // namespace npyfs
