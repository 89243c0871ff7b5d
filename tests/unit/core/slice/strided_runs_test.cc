#include "core/slice/strided_runs.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace npyfs {
namespace {

// The contract, read out byte by byte.
std::vector<std::uint64_t> plain_positions(const StridedRuns& runs) {
  std::vector<std::uint64_t> positions;
  for (std::uint64_t i = 0; i < runs.count; ++i) {
    for (std::uint64_t j = 0; j < runs.run; ++j) positions.push_back(runs.first + i * runs.stride + j);
  }
  return positions;
}

std::vector<Extent> extents_of(const StridedRuns& runs, std::uint64_t offset, std::uint64_t size) {
  std::vector<Extent> extents;
  for_each_extent(runs, offset, size, [&](Extent extent) { extents.push_back(extent); });
  return extents;
}

void expect_agreement(const StridedRuns& runs) {
  const auto plain = plain_positions(runs);
  ASSERT_EQ(plain.size(), runs.size());
  for (std::uint64_t offset = 0; offset <= plain.size(); ++offset) {
    for (std::uint64_t size = 0; offset + size <= plain.size(); ++size) {
      std::vector<std::uint64_t> positions;
      for (const Extent& extent : extents_of(runs, offset, size)) {
        ASSERT_GT(extent.size, 0u);
        ASSERT_LE(extent.size, runs.run) << "an extent goes beyond its run";
        for (std::uint64_t i = 0; i < extent.size; ++i) positions.push_back(extent.offset + i);
      }
      const auto begin = plain.begin() + static_cast<std::ptrdiff_t>(offset);
      const std::vector<std::uint64_t> expected(begin, begin + static_cast<std::ptrdiff_t>(size));
      ASSERT_EQ(positions, expected) << offset << "+" << size << " of runs of " << runs.run << " each " << runs.stride;
      if (size == 0) continue;
      const Extent span = span_of(runs, offset, size);
      ASSERT_EQ(span.offset, expected.front());
      ASSERT_EQ(span.offset + span.size, expected.back() + 1);
    }
  }
}

TEST(StridedRuns, AgreesWithAPlainLoopForEveryOffsetAndSize) {
  for (const std::uint64_t first : {0u, 1u, 128u}) {
    for (std::uint64_t run = 1; run <= 5; ++run) {
      for (std::uint64_t stride = run; stride <= run + 4; ++stride) {
        for (std::uint64_t count = 1; count <= 5; ++count) expect_agreement({first, run, stride, count});
      }
    }
  }
}

TEST(StridedRuns, NothingIsMadeOfNoExtents) {
  EXPECT_EQ(StridedRuns{}.size(), 0u);
  EXPECT_TRUE(extents_of({}, 0, 0).empty());
  EXPECT_TRUE(extents_of({.first = 8, .run = 4, .stride = 4, .count = 1}, 4, 0).empty());
}

TEST(StridedRuns, OneRunIsOneExtentHoweverLong) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  const StridedRuns all{.first = 128, .run = kMost - 128, .stride = kMost - 128, .count = 1};
  const auto extents = extents_of(all, 1, all.size() - 1);
  ASSERT_EQ(extents.size(), 1u);
  EXPECT_EQ(extents[0].offset, 129u);
  EXPECT_EQ(extents[0].offset + extents[0].size, kMost);
  EXPECT_EQ(span_of(all, all.size() - 1, 1).offset, kMost - 1);
}

// 2^60 runs of 4 of each 8 bytes: the last of them ends where int64_t does.
TEST(StridedRuns, DoesNotOverflowAtTheEndOfTheLargestArray) {
  constexpr std::uint64_t kRuns = std::uint64_t{1} << 60;
  constexpr StridedRuns runs{
      .first = (std::uint64_t{1} << 63) - 1 - 4 - (kRuns - 1) * 8, .run = 4, .stride = 8, .count = kRuns};
  const auto extents = extents_of(runs, runs.size() - 6, 6);
  ASSERT_EQ(extents.size(), 2u);
  EXPECT_EQ(extents[0].size, 2u);
  EXPECT_EQ(extents[1].size, 4u);
  EXPECT_EQ(extents[0].offset, extents[1].offset - 6);
  EXPECT_EQ(extents[1].offset + 4, static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
  const Extent span = span_of(runs, runs.size() - 6, 6);
  EXPECT_EQ(span.offset, extents[0].offset);
  EXPECT_EQ(span.size, 10u);
}

}  // namespace
}  // namespace npyfs
