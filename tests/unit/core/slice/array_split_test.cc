#include "core/slice/array_split.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace npyfs {
namespace {

// numpy's own loop: sizes first, boundaries by adding them up.
std::vector<RowRange> plain_array_split(std::uint64_t rows, std::uint64_t sections) {
  std::vector<RowRange> ranges;
  std::uint64_t start = 0;
  for (std::uint64_t i = 0; i < sections; ++i) {
    const std::uint64_t size = rows / sections + (i < rows % sections ? 1 : 0);
    ranges.push_back({start, start + size});
    start += size;
  }
  return ranges;
}

TEST(ArraySplit, AgreesWithThePlainLoop) {
  for (std::uint64_t rows = 0; rows <= 60; ++rows) {
    for (std::uint64_t sections = 1; sections <= 70; ++sections) {
      const auto expected = plain_array_split(rows, sections);
      for (std::uint64_t index = 0; index < sections; ++index) {
        EXPECT_EQ(array_split(rows, index, sections), expected[index]) << index << " of " << sections << ", " << rows;
      }
    }
  }
}

TEST(ArraySplit, DoesNotOverflowAtTheLargestCounts) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(array_split(kMost, kMost - 1, kMost), (RowRange{kMost - 1, kMost}));
  EXPECT_EQ(array_split(kMost, 0, 1), (RowRange{0, kMost}));
  EXPECT_EQ(array_split(1, kMost - 1, kMost), (RowRange{1, 1}));
  EXPECT_EQ(array_split(kMost - 1, kMost - 1, kMost), (RowRange{kMost - 1, kMost - 1}));
}

}  // namespace
}  // namespace npyfs
