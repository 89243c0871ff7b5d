#include "core/slice/aligned_split.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/array/view.h"

namespace npyfs {
namespace {

NpyHeader header(std::uint64_t itemsize, std::vector<std::uint64_t> shape, std::uint64_t data_offset = 128,
                 bool fortran_order = false) {
  NpyHeader header;
  header.descr = "'|V'";
  header.itemsize = itemsize;
  header.shape = std::move(shape);
  header.data_offset = data_offset;
  header.fortran_order = fortran_order;
  return header;
}

// Where a row begins, looked up one by one.
std::vector<std::uint64_t> aligned_rows(const NpyHeader& header, std::uint8_t axis) {
  std::vector<std::uint64_t> rows;
  for (std::uint64_t row = 1; row < header.shape[axis]; ++row) {
    if (runs_of_slice(header, axis, {row, row + 1}).first % kAlignment == 0) rows.push_back(row);
  }
  return rows;
}

TEST(AlignedUnits, HaveEveryRowThatBeginsAtAPageEdge) {
  for (const std::uint64_t itemsize : {1u, 2u, 3u, 4u, 8u, 12u, 24u, 48u, 100u, 4096u, 8192u, 12288u, 5000u}) {
    for (const std::uint64_t columns : {1u, 2u, 5u, 16u, 128u}) {
      for (const std::uint64_t data_offset : {64u, 80u, 128u, 4096u, 4160u}) {
        for (const std::uint64_t rows : {1u, 2u, 3u, 33u, 1000u, 9000u}) {
          const auto array = header(itemsize, {rows, columns}, data_offset);
          const AlignedUnits units(array, 0);
          const auto expected = aligned_rows(array, 0);
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
  const auto array = header(12, {5000}, 128);
  const AlignedUnits units(array, 0);
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
  EXPECT_EQ(AlignedUnits(header(4096, {10, 10}), 1).count(), 1u);
  EXPECT_EQ(AlignedUnits(header(4096, {10, 10}, 4096), 0).count(), 10u);
  EXPECT_EQ(AlignedUnits(header(4096, {10, 10}, 4096, true), 0).count(), 1u);
  EXPECT_EQ(AlignedUnits(header(4096, {10, 10}, 4096, true), 1).count(), 10u);
  EXPECT_EQ(AlignedUnits(header(4096, {1, 10}, 4096), 1).count(), 10u) << "a single run after all";
}

TEST(AlignedUnits, OfARowThatNeverMeetsAPageEdgeAreOne) {
  EXPECT_EQ(AlignedUnits(header(2, {100000}, 81), 0).count(), 1u);
  EXPECT_EQ(AlignedUnits(header(8, {0}), 0).count(), 1u);
  EXPECT_EQ(AlignedUnits(header(8, {5, 0}), 0).count(), 1u);
  EXPECT_EQ(AlignedUnits(header(8, {0}), 0).rows_of(0, 1), (RowRange{0, 0}));
}

TEST(AlignedUnits, OfHugeArraysAreCountedAsFast) {
  const std::uint64_t rows = std::uint64_t{1} << 60;
  EXPECT_EQ(AlignedUnits(header(4, {rows}, 4096), 0).count(), rows / 1024);
}

}  // namespace
}  // namespace npyfs
