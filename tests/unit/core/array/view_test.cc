#include "core/array/view.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "tests/unit/support/npy_bytes.h"

namespace npyfs {
namespace {

constexpr std::uint64_t kDataOffset = 128;

NpyHeader header_of(const TestArray& array) {
  return {array.descr, array.itemsize, array.fortran_order, array.shape, kDataOffset, false};
}

std::vector<std::uint64_t> positions_of(const StridedRuns& runs) {
  std::vector<std::uint64_t> positions;
  for_each_extent(runs, 0, runs.size(), [&](Extent extent) {
    for (std::uint64_t i = 0; i < extent.size; ++i) positions.push_back(extent.offset + i - kDataOffset);
  });
  return positions;
}

// All shapes of up to `dimensions` dimensions with lengths from 0 to `longest`.
std::vector<std::vector<std::uint64_t>> shapes_up_to(std::size_t dimensions, std::uint64_t longest) {
  std::vector<std::vector<std::uint64_t>> shapes = {{}};
  for (std::size_t begin = 0, n = 0; n < dimensions; ++n) {
    const std::size_t end = shapes.size();
    for (; begin < end; ++begin) {
      for (std::uint64_t length = 0; length <= longest; ++length) {
        auto shape = shapes[begin];
        shape.push_back(length);
        shapes.push_back(shape);
      }
    }
  }
  shapes.erase(shapes.begin());
  return shapes;
}

TEST(View, AlignedChunksAreAsManyAsThereArePageEdges) {
  const NpyHeader header{"'<f8'", 8, false, {2000}, kDataOffset, false};  // page edges at 496, 1008 and 1520
  const auto aligned = [](std::uint64_t index, std::uint64_t count) {
    return Place{PlaceKind::kAlignedChunk, Form::kNpy, 0, 0, index, count};
  };
  EXPECT_EQ(*rows_of(aligned(0, 4), header), (RowRange{0, 496}));
  EXPECT_EQ(*rows_of(aligned(3, 4), header), (RowRange{1520, 2000}));
  const auto refused = rows_of(aligned(0, 5), header);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(refused.error().sentence, "at most 4 chunks have page edges");
  EXPECT_FALSE(make_view(aligned(0, 5), header));
}

TEST(View, RunsAgreeWithAWalkOverEveryIndex) {
  for (const auto& shape : shapes_up_to(4, 3)) {
    for (const bool fortran_order : {false, true}) {
      const TestArray array{"'|V3'", 3, fortran_order, shape};
      for (std::uint8_t axis = 0; axis < shape.size(); ++axis) {
        for (std::uint64_t stop = 0; stop <= shape[axis]; ++stop) {
          for (std::uint64_t start = 0; start <= stop; ++start) {
            const auto runs = runs_of_slice(header_of(array), axis, {start, stop});
            ASSERT_EQ(positions_of(runs), slice_positions(array, axis, {start, stop}))
                << testing::PrintToString(shape) << (fortran_order ? " F" : " C") << ", axis " << int(axis) << ", "
                << start << ":" << stop;
          }
        }
      }
    }
  }
}

TEST(View, ContiguousSlicesAreOneRun) {
  for (const auto& shape : shapes_up_to(3, 3)) {
    for (const bool fortran_order : {false, true}) {
      const TestArray array{"'<i2'", 2, fortran_order, shape};
      const auto slowest = static_cast<std::uint8_t>(fortran_order ? shape.size() - 1 : 0);
      const auto header = header_of(array);
      if (data_size(header) == 0) continue;
      EXPECT_EQ(runs_of_slice(header, slowest, {0, 1}).count, 1u) << testing::PrintToString(shape);
      for (std::uint8_t axis = 0; axis < shape.size(); ++axis) {
        EXPECT_EQ(runs_of_slice(header, axis, {0, shape[axis]}).count, 1u) << "all rows of axis " << int(axis);
      }
    }
  }
}

TEST(View, EmptySlicesHaveNoBytes) {
  const auto header = header_of({.shape = {3, 4}});
  EXPECT_EQ(runs_of_slice(header, 1, {4, 4}), StridedRuns{});
  EXPECT_EQ(runs_of_slice(header_of({.shape = {0, 4}}), 1, {0, 4}).size(), 0u);
  EXPECT_EQ(runs_of_slice(header_of({.descr = "'|S0'", .itemsize = 0, .shape = {3}}), 0, {0, 3}).size(), 0u);
}

// Arrays whose last byte is the last that a file can have.
TEST(View, DoesNotOverflowAtTheLargestArrays) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  const auto bytes = header_of({"'|u1'", 1, false, {kMost - kDataOffset}});
  const auto last = runs_of_slice(bytes, 0, {kMost - kDataOffset - 1, kMost - kDataOffset});
  EXPECT_EQ(last.first, kMost - 1);
  EXPECT_EQ(last.size(), 1u);

  constexpr std::uint64_t kRows = std::uint64_t{1} << 40;
  const auto matrix = header_of({"'<f4'", 4, false, {kRows, std::uint64_t{1} << 20}});
  const auto column = runs_of_slice(matrix, 1, {(1u << 20) - 1, 1u << 20});
  EXPECT_EQ(column, (StridedRuns{kDataOffset + 4 * ((1u << 20) - 1), 4, 4 << 20, kRows}));
  EXPECT_EQ(span_of(column, column.size() - 1, 1).offset, kDataOffset + data_size(matrix) - 1);

  const auto fortran = header_of({"'<f4'", 4, true, {kRows, std::uint64_t{1} << 20}});
  const auto row = runs_of_slice(fortran, 0, {kRows - 1, kRows});
  EXPECT_EQ(row, (StridedRuns{kDataOffset + 4 * (kRows - 1), 4, 4 * kRows, 1 << 20}));
}

Place chunk(std::uint8_t axis, std::uint64_t index, std::uint64_t sections, Form form = Form::kNpy) {
  return {PlaceKind::kChunk, form, axis, 0, index, sections};
}
Place slice(std::uint8_t axis, std::uint64_t start, std::uint64_t stop) {
  return {PlaceKind::kSlice, Form::kNpy, axis, 0, start, stop};
}

TEST(View, ChunksAreArraySplitAndSlicesAreRows) {
  const auto header = header_of({.shape = {10, 7}});
  EXPECT_EQ(*rows_of(chunk(0, 1, 3), header), (RowRange{4, 7}));
  EXPECT_EQ(*rows_of(chunk(1, 6, 7), header), (RowRange{6, 7}));
  EXPECT_EQ(*rows_of(chunk(1, 9, 10), header), (RowRange{7, 7}));
  EXPECT_EQ(*rows_of(slice(1, 2, 7), header), (RowRange{2, 7}));
  EXPECT_EQ(*rows_of(slice(1, 7, 7), header), (RowRange{7, 7}));
}

TEST(View, WhatTheArrayDoesNotHaveIsNotFound) {
  const auto header = header_of({.shape = {10, 7}});
  for (const Place& place : {slice(0, 0, 11), slice(1, 0, 8), slice(1, 8, 8), slice(2, 0, 0), chunk(2, 0, 1)}) {
    const auto view = make_view(place, header);
    ASSERT_FALSE(view) << format_path(place);
    EXPECT_EQ(view.error().kind, ErrorKind::kNotFound);
    EXPECT_EQ(view.error().subject, format_path(place));
  }
}

TEST(View, HoldsTheHeaderThatNumpyWritesForTheSlice) {
  struct Case {
    TestArray array;
    Place place;
    std::string text;
  };
  const std::vector<Case> cases = {
      {{.shape = {10}}, chunk(0, 3, 4), "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }"},
      {{.shape = {2, 6}}, chunk(1, 0, 4), "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }"},
      {{.shape = {2}}, chunk(0, 2, 3), "{'descr': '<f8', 'fortran_order': False, 'shape': (0,), }"},
      // In Fortran order numpy says so only where the slice is not contiguous in C order as well.
      {{.fortran_order = true, .shape = {4, 6}},
       chunk(0, 0, 2),
       "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 6), }"},
      {{.fortran_order = true, .shape = {4, 6}},
       chunk(0, 0, 4),
       "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 6), }"},
      {{.fortran_order = true, .shape = {4, 6}},
       slice(1, 2, 3),
       "{'descr': '<f8', 'fortran_order': False, 'shape': (4, 1), }"},
      {{.fortran_order = true, .shape = {4, 6}},
       slice(1, 2, 2),
       "{'descr': '<f8', 'fortran_order': False, 'shape': (4, 0), }"},
      {{.fortran_order = true, .shape = {5}},
       slice(0, 1, 4),
       "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }"},
  };
  for (const auto& [array, place, text] : cases) {
    const auto view = make_view(place, header_of(array));
    ASSERT_TRUE(view) << text;
    ASSERT_EQ(view->header.size(), 128u);
    EXPECT_EQ(view->header.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));
    EXPECT_EQ(view->header.substr(10), text + std::string(117 - text.size(), ' ') + '\n');
    EXPECT_EQ(view->size(), 128 + view->body.size());
  }
}

TEST(View, BinIsTheBodyAlone) {
  const auto header = header_of({.shape = {10, 7}});
  const auto npy = make_view(chunk(1, 1, 3), header);
  const auto bin = make_view(chunk(1, 1, 3, Form::kBin), header);
  ASSERT_TRUE(npy && bin);
  EXPECT_EQ(bin->header, "");
  EXPECT_EQ(bin->body, npy->body);
  EXPECT_EQ(bin->size(), 10u * 2 * 8);
}

TEST(View, AWholeFileIsItsBytes) {
  EXPECT_EQ(whole_file_view(0).size(), 0u);
  EXPECT_EQ(whole_file_view(1000).body, (StridedRuns{0, 1000, 1000, 1}));
}

}  // namespace
}  // namespace npyfs
