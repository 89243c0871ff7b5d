#include "core/slice/runs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace npyfs {
namespace {

// Where each byte of the geometry is, item by item.
void add_positions(const Geometry& geometry, bool fortran_order, std::size_t depth, std::uint64_t at,
                   std::vector<std::uint64_t>& positions) {
  if (depth == geometry.shape.size()) {
    for (std::uint64_t i = 0; i < geometry.itemsize; ++i) positions.push_back(at + i);
    return;
  }
  const std::size_t axis = fortran_order ? geometry.shape.size() - 1 - depth : depth;
  for (std::uint64_t i = 0; i < geometry.shape[axis]; ++i) {
    add_positions(geometry, fortran_order, depth + 1, at + i * static_cast<std::uint64_t>(geometry.strides[axis]),
                  positions);
  }
}

std::vector<std::uint64_t> visited(const Runs& runs, std::uint64_t offset, std::uint64_t size) {
  std::vector<std::uint64_t> positions;
  runs.visit(offset, size, [&](Extent extent) {
    for (std::uint64_t i = 0; i < extent.size; ++i) positions.push_back(extent.offset + i);
  });
  return positions;
}

// Everything that a Runs says, for every range of bytes, against the positions of single bytes.
void check(const Geometry& geometry) {
  for (const bool fortran_order : {false, true}) {
    const Runs runs(geometry, fortran_order);
    std::vector<std::uint64_t> expected;
    add_positions(geometry, fortran_order, 0, geometry.offset, expected);
    ASSERT_EQ(runs.size(), expected.size());
    for (std::uint64_t i = 0; i < runs.size(); ++i) ASSERT_EQ(runs.position(i), expected[i]);
    for (std::uint64_t from = 0; from < runs.size(); ++from) {
      for (std::uint64_t to = from + 1; to <= runs.size(); ++to) {
        const std::vector<std::uint64_t> part(expected.begin() + static_cast<std::ptrdiff_t>(from),
                                              expected.begin() + static_cast<std::ptrdiff_t>(to));
        ASSERT_EQ(visited(runs, from, to - from), part);
        const Extent hull = runs.hull(from, to - from);
        const auto [lowest, highest] = std::ranges::minmax(part);
        ASSERT_EQ(hull.offset, lowest);
        ASSERT_EQ(hull.end(), highest + 1);
      }
    }
  }
}

// Every step of every axis of a small array, forwards and backwards.
TEST(Runs, AreTheBytesOfEveryStridedView) {
  const Geometry whole = contiguous_geometry(100, 2, Shape{3, 2, 4}, false);
  for (const std::int64_t a : {-2, -1, 1, 2}) {
    for (const std::int64_t b : {-1, 1}) {
      for (const std::int64_t c : {-3, -2, -1, 1, 2, 3}) {
        Geometry geometry = whole;
        const std::int64_t steps[] = {a, b, c};
        for (std::size_t axis = 0; axis < 3; ++axis) {
          const std::uint64_t step = static_cast<std::uint64_t>(std::abs(steps[axis]));
          const std::uint64_t length = whole.shape[axis];
          if (steps[axis] < 0) geometry.offset += (length - 1) * static_cast<std::uint64_t>(whole.strides[axis]);
          geometry.shape[axis] = (length - 1) / step + 1;
          geometry.strides[axis] *= steps[axis];
        }
        check(geometry);
      }
    }
  }
}

TEST(Runs, FuseWhatIsContiguous) {
  const Geometry whole = contiguous_geometry(128, 8, Shape{10, 4, 5}, false);
  const Runs runs(whole, false);
  EXPECT_TRUE(runs.is_contiguous());
  EXPECT_EQ(runs.run_size(), 1600u);
  EXPECT_EQ(runs, Runs(Extent{128, 1600}));
  EXPECT_TRUE(Runs(contiguous_geometry(128, 8, Shape{10, 4, 5}, true), true).is_contiguous());
  // A chunk of the second axis: one level, however many dimensions there are.
  Geometry chunk = whole;
  chunk.shape[1] = 2;
  EXPECT_EQ(Runs(chunk, false), Runs(128, 80, 160, 10));
  // A slice of three axes: two levels.
  chunk.shape[2] = 3;
  EXPECT_FALSE(Runs(chunk, false).has_one_level());
  EXPECT_EQ(Runs(chunk, false).run_size(), 24u);
}

// `count` runs from `first` on, for every offset and size: an extent never goes beyond its run.
TEST(Runs, ThatAreEquallyFarApartAgreeWithAPlainLoop) {
  for (const std::uint64_t first : {0u, 1u, 128u}) {
    for (std::uint64_t run = 1; run <= 4; ++run) {
      for (std::uint64_t stride = run; stride <= run + 3; ++stride) {
        for (std::uint64_t count = 1; count <= 4; ++count) {
          const Runs runs(first, run, static_cast<std::int64_t>(stride), count);
          std::vector<std::uint64_t> plain;
          for (std::uint64_t i = 0; i < count; ++i) {
            for (std::uint64_t j = 0; j < run; ++j) plain.push_back(first + i * stride + j);
          }
          ASSERT_EQ(runs.size(), plain.size());
          for (std::uint64_t offset = 0; offset <= plain.size(); ++offset) {
            for (std::uint64_t size = 0; offset + size <= plain.size(); ++size) {
              const auto begin = plain.begin() + static_cast<std::ptrdiff_t>(offset);
              ASSERT_EQ(visited(runs, offset, size),
                        std::vector<std::uint64_t>(begin, begin + static_cast<std::ptrdiff_t>(size)));
              runs.visit(offset, size, [&](Extent extent) {
                ASSERT_GT(extent.size, 0u);
                ASSERT_LE(extent.size, runs.run_size());
              });
            }
          }
        }
      }
    }
  }
}

TEST(Runs, OneRunIsOneExtentHoweverLong) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  const Runs all(Extent{128, kMost - 128});
  std::vector<Extent> extents;
  all.visit(1, all.size() - 1, [&](Extent extent) { extents.push_back(extent); });
  ASSERT_EQ(extents.size(), 1u);
  EXPECT_EQ(extents[0].offset, 129u);
  EXPECT_EQ(extents[0].end(), kMost);
  EXPECT_EQ(all.hull(all.size() - 1, 1).offset, kMost - 1);
}

// 2^60 runs of 4 of each 8 bytes: the last of them ends where int64_t does.
TEST(Runs, DoNotOverflowAtTheEndOfTheLargestArray) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  constexpr std::uint64_t kRuns = std::uint64_t{1} << 60;
  const Runs runs(kMost - 4 - (kRuns - 1) * 8, 4, 8, kRuns);
  std::vector<Extent> extents;
  runs.visit(runs.size() - 6, 6, [&](Extent extent) { extents.push_back(extent); });
  ASSERT_EQ(extents.size(), 2u);
  EXPECT_EQ(extents[0].size, 2u);
  EXPECT_EQ(extents[1].size, 4u);
  EXPECT_EQ(extents[0].offset, extents[1].offset - 6);
  EXPECT_EQ(extents[1].end(), kMost);
  const Extent hull = runs.hull(runs.size() - 6, 6);
  EXPECT_EQ(hull.offset, extents[0].offset);
  EXPECT_EQ(hull.size, 10u);
}

TEST(Runs, OfNoItemsHaveNoBytes) {
  EXPECT_EQ(Runs(contiguous_geometry(128, 8, Shape{10, 0}, false), false), Runs());
  EXPECT_EQ(Runs(Extent{128, 0}), Runs(Extent{0, 0}));
  EXPECT_EQ(Runs().count(), 0u);
  EXPECT_TRUE(Runs().visit(0, 0, [](Extent) { return false; }));
}

TEST(Runs, AVisitThatSaysFalseIsTheLast) {
  const Runs one_level(0, 4, 16, 10);
  int visits = 0;
  EXPECT_FALSE(one_level.visit(0, 40, [&](Extent) { return ++visits < 3; }));
  EXPECT_EQ(visits, 3);
  Geometry geometry = contiguous_geometry(0, 1, Shape{4, 4, 4}, false);
  geometry.shape = {2, 2, 2};
  visits = 0;
  EXPECT_FALSE(Runs(geometry, false).visit(0, 8, [&](Extent) { return ++visits < 3; }));
  EXPECT_EQ(visits, 3);
  EXPECT_TRUE(one_level.visit(0, 40, [](Extent) { return true; }));
}

TEST(Runs, HullOfSixtyFourLevels) {
  Geometry geometry;
  geometry.itemsize = 1;
  for (int axis = 0; axis < 60; ++axis) {
    geometry.shape.push_back(2);
    geometry.strides.push_back(axis % 2 == 0 ? std::int64_t{1} << (61 - axis) : -(std::int64_t{1} << (61 - axis)));
    if (axis % 2 != 0) geometry.offset += std::uint64_t{1} << (61 - axis);
  }
  const Runs runs(geometry, false);
  EXPECT_EQ(runs.size(), std::uint64_t{1} << 60);
  const Extent hull = runs.hull(1, runs.size() - 2);
  EXPECT_GT(hull.size, std::uint64_t{1} << 61);
}

TEST(Runs, APetabyteCostsAsMuchAsAPage) {
  constexpr std::uint64_t kRows = std::uint64_t{1} << 40;
  const Runs runs(128, 4, 4096, kRows);
  EXPECT_EQ(runs.position(4 * kRows - 1), 128 + (kRows - 1) * 4096 + 3);
  EXPECT_EQ(runs.hull(4 * kRows - 8, 8).size, 4100u);
}

}  // namespace
}  // namespace npyfs
