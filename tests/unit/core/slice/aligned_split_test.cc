#include "core/slice/aligned_split.h"

#include <gtest/gtest.h>

#include <vector>

namespace npyfs {
namespace {

struct TestedArray {
  Geometry geometry;
  bool fortran_order = false;
};

TestedArray array_of(std::uint64_t itemsize, const Shape& shape, std::uint64_t data_offset = 128,
                     bool fortran_order = false) {
  return {contiguous_geometry(data_offset, itemsize, shape, fortran_order), fortran_order};
}

AlignedUnits units_of(const TestedArray& array, std::size_t axis) {
  return AlignedUnits(array.geometry, axis, array.fortran_order);
}

// Where a row begins, looked up one by one.
std::vector<std::uint64_t> aligned_rows(const Geometry& geometry) {
  std::vector<std::uint64_t> rows;
  for (std::uint64_t row = 1; row < geometry.shape[0]; ++row) {
    if ((geometry.offset + row * static_cast<std::uint64_t>(geometry.strides[0])) % kAlignment == 0)
      rows.push_back(row);
  }
  return rows;
}

TEST(AlignedUnits, HaveEveryRowThatBeginsAtAPageEdge) {
  for (const std::uint64_t itemsize : {1u, 2u, 3u, 4u, 8u, 12u, 24u, 48u, 100u, 4096u, 8192u, 12288u, 5000u}) {
    for (const std::uint64_t columns : {1u, 2u, 5u, 16u, 128u}) {
      for (const std::uint64_t data_offset : {64u, 80u, 128u, 4096u, 4160u}) {
        for (const std::uint64_t rows : {1u, 2u, 3u, 33u, 1000u, 9000u}) {
          const auto array = array_of(itemsize, {rows, columns}, data_offset);
          const AlignedUnits units = units_of(array, 0);
          const auto expected = aligned_rows(array.geometry);
          ASSERT_EQ(units.count(), expected.size() + 1)
              << itemsize << " " << columns << " " << data_offset << " " << rows;
          for (std::uint64_t i = 0; i < expected.size(); ++i) {
            ASSERT_EQ(units.rows_of(i, units.count()).stop, expected[i]);
          }
        }
      }
    }
  }
}

TEST(AlignedUnits, MakeChunksThatCoverAllRowsOnce) {
  const AlignedUnits units = units_of(array_of(12, {5000}, 128), 0);
  ASSERT_GT(units.count(), 3u);
  for (std::uint64_t sections = 1; sections <= units.count(); ++sections) {
    std::uint64_t next = 0;
    for (std::uint64_t index = 0; index < sections; ++index) {
      const RowRange rows = units.rows_of(index, sections);
      EXPECT_EQ(rows.start, next);
      EXPECT_GT(rows.size(), 0u);
      next = rows.stop;
    }
    EXPECT_EQ(next, 5000u);
  }
}

TEST(AlignedUnits, AreThoseOfTheSlowestAxisAlone) {
  EXPECT_EQ(units_of(array_of(4096, {10, 10}), 1).count(), 1u);
  EXPECT_EQ(units_of(array_of(4096, {10, 10}, 4096), 0).count(), 10u);
  EXPECT_EQ(units_of(array_of(4096, {10, 10}, 4096, true), 0).count(), 1u);
  EXPECT_EQ(units_of(array_of(4096, {10, 10}, 4096, true), 1).count(), 10u);
  EXPECT_EQ(units_of(array_of(4096, {1, 10}, 4096), 1).count(), 10u) << "a single run after all";
}

TEST(AlignedUnits, OfARowThatNeverMeetsAPageEdgeAreOne) {
  EXPECT_EQ(units_of(array_of(2, {100000}, 81), 0).count(), 1u);
  EXPECT_EQ(units_of(array_of(8, {0}), 0).count(), 1u);
  EXPECT_EQ(units_of(array_of(8, {5, 0}), 0).count(), 1u);
  EXPECT_EQ(units_of(array_of(8, {0}), 0).rows_of(0, 1), (RowRange{0, 0}));
}

// A view whose rows are contiguous has edges of its own; one with gaps, or backwards, has none.
TEST(AlignedUnits, OfAViewAreWhereItsOwnRowsLie) {
  const Geometry whole = contiguous_geometry(4096, 4096, Shape{10, 10}, false);
  Geometry rows = whole;
  rows.offset += 3 * 40960;
  rows.shape[0] = 5;
  EXPECT_EQ(AlignedUnits(rows, 0, false).count(), 5u);
  Geometry row = {rows.offset, 4096, {10}, {4096}};
  EXPECT_EQ(AlignedUnits(row, 0, false).count(), 10u);
  Geometry every_other = rows;
  every_other.strides[0] *= 2;
  EXPECT_EQ(AlignedUnits(every_other, 0, false).count(), 1u);
  Geometry backwards = rows;
  backwards.offset += 4 * 40960;
  backwards.strides[0] *= -1;
  EXPECT_EQ(AlignedUnits(backwards, 0, false).count(), 1u);
}

TEST(AlignedUnits, OfHugeArraysAreCountedAsFast) {
  const std::uint64_t rows = std::uint64_t{1} << 60;
  EXPECT_EQ(units_of(array_of(4, {rows}, 4096), 0).count(), rows / 1024);
}

}  // namespace
}  // namespace npyfs
