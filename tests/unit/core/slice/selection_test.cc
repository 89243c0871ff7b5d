#include "core/slice/selection.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/slice/runs.h"

namespace npyfs {
namespace {

std::string form(const Selection& selection) {
  std::string out;
  selection.encode(out);
  return out;
}

AxisIndex random_index(std::mt19937& random, std::uint64_t length) {
  const auto below = [&](std::uint64_t end) { return random() % end; };
  if (length == 0) return AxisIndex{};
  const std::uint64_t start = below(length);
  switch (below(4)) {
    case 0:
      return single_index(start);
    case 1:
      return axis_range(start, start + below(length - start + 1));
    default:
      break;
  }
  const std::int64_t step =
      below(2) == 0 ? 1 + static_cast<std::int64_t>(below(3)) : -1 - static_cast<std::int64_t>(below(3));
  const std::uint64_t room = step > 0 ? length - 1 - start : start;
  return axis_progression(start, below(room / static_cast<std::uint64_t>(std::abs(step)) + 2), step);
}

const SelectedField kFields[] = {{.number = 0, .offset = 0, .itemsize = 2, .ndim = 0},
                                 {.number = 1, .offset = 2, .itemsize = 1, .ndim = 2}};

// A few random steps of indexing of an array of (3, 2, 4) items of 8 bytes.
Selection random_selection(std::mt19937& random) {
  Selection selection = Selection::whole(Shape{3, 2, 4});
  bool has_field = false;
  for (int steps = static_cast<int>(random() % 5); steps > 0; --steps) {
    switch (random() % 6) {
      case 0:
        selection.insert_axis(random() % (selection.ndim() + 1));
        break;
      case 1:
        if (has_field) break;
        has_field = true;
        if (random() % 2 == 0) {
          selection.take_field(kFields[0], {});
        } else {
          selection.take_field(kFields[1], Shape{2, 3});
        }
        break;
      default:
        if (selection.ndim() == 0) break;
        const std::size_t dimension = random() % selection.ndim();
        selection.take(dimension, random_index(random, selection.length(dimension)));
    }
  }
  return selection;
}

std::vector<std::uint64_t> bytes_of(const Selection& selection) {
  const Runs runs(selection.geometry(contiguous_geometry(1000, 8, Shape{3, 2, 4}, false)), false);
  std::vector<std::uint64_t> bytes;
  for (std::uint64_t i = 0; i < runs.size(); ++i) bytes.push_back(runs.position(i));
  return bytes;
}

std::uint64_t itemsize_of(const Selection& selection) {
  return selection.fields().empty() ? 8 : selection.fields().back().itemsize;
}

TEST(Selection, OfNothingElseIsTheWholeArray) {
  const Selection selection = Selection::whole(Shape{3, 2, 4});
  EXPECT_EQ(selection.shape(), (Shape{3, 2, 4}));
  const Geometry geometry = selection.geometry(contiguous_geometry(128, 8, Shape{3, 2, 4}, true));
  EXPECT_EQ(geometry.strides, (Strides{8, 24, 48}));
  EXPECT_EQ(geometry.offset, 128u);
  EXPECT_FALSE(selection.is_empty());
}

TEST(Selection, OfAFieldHasTheAxesOfItsSubarrayBehindTheOthers) {
  Selection selection = Selection::whole(Shape{10});
  selection.take(0, axis_progression(9, 3, -4));
  selection.take_field({.number = 1, .offset = 8, .itemsize = 4, .ndim = 2}, Shape{2, 3});
  selection.take(2, single_index(1));
  EXPECT_EQ(selection.shape(), (Shape{3, 2}));
  const Geometry geometry = selection.geometry(contiguous_geometry(100, 32, Shape{10}, false));
  EXPECT_EQ(geometry.offset, 100u + 9 * 32 + 8 + 4);
  EXPECT_EQ(geometry.itemsize, 4u);
  EXPECT_EQ(geometry.strides, (Strides{-128, 12}));
}

// Two selections have one form exactly where they have the same shape and the same bytes in the same order (and the
// same items, since a header would say so), and a form gives back what it was made of.
TEST(Selection, FormsAreEqualWhereShapeAndBytesAre) {
  std::mt19937 random(7);
  std::map<std::string, std::string> form_of;
  std::map<std::string, std::string> described;
  for (int i = 0; i < 100'000 / NPYFS_EVERY; ++i) {
    const Selection selection = random_selection(random);
    const std::string encoded = form(selection);
    std::string meaning = std::to_string(itemsize_of(selection)) + (selection.fields().empty() ? "" : "f") + ":";
    for (const std::uint64_t length : selection.shape()) meaning += std::to_string(length) + ",";
    meaning += ":";
    for (const std::uint64_t byte : bytes_of(selection)) meaning += std::to_string(byte) + " ";
    const auto [known, is_new] = form_of.emplace(meaning, encoded);
    ASSERT_EQ(known->second, encoded) << meaning;
    const auto [other, is_new_form] = described.emplace(encoded, meaning);
    ASSERT_EQ(other->second, meaning);
    const auto decoded = Selection::decode(encoded, Shape{3, 2, 4});
    ASSERT_TRUE(decoded);
    ASSERT_EQ(decoded->shape(), selection.shape()) << meaning;
    ASSERT_EQ(bytes_of(*decoded), bytes_of(selection)) << meaning;
    ASSERT_EQ(form(*decoded), encoded) << meaning;
  }
  EXPECT_GT(described.size(), 1000u);
}

// An axis without indices is never one that an index has dropped: numpy has no index for that.
TEST(Selection, AnAxisOfNoIndicesStaysADimensionInItsForm) {
  std::mt19937 random(5);
  for (int i = 0; i < 20'000; ++i) {
    Selection selection = Selection::whole(Shape{random() % 3, 2, random() % 3, 0});
    const auto shape_of_array = selection.shape();
    for (int steps = static_cast<int>(random() % 6); steps > 0; --steps) {
      const std::size_t dimension = random() % (selection.ndim() + 1);
      if (dimension == selection.ndim() || random() % 3 == 0) {
        selection.insert_axis(dimension);
      } else {
        selection.take(dimension, random_index(random, selection.length(dimension)));
      }
    }
    const auto decoded = Selection::decode(form(selection), shape_of_array);
    ASSERT_TRUE(decoded);
    ASSERT_EQ(decoded->shape(), selection.shape());
    ASSERT_EQ(form(*decoded), form(selection));
    for (const auto& axis : decoded->axes()) ASSERT_FALSE(axis.length == 0 && axis.index.drops_axis);
  }
}

TEST(Selection, FormsOfBytesAreEqualWhateverTheShape) {
  Selection row = Selection::whole(Shape{3, 2, 4});
  row.take(0, single_index(1));
  Selection slice = Selection::whole(Shape{3, 2, 4});
  slice.take(0, axis_range(1, 2));
  std::string of_row;
  std::string of_slice;
  row.encode_bytes(of_row);
  slice.encode_bytes(of_slice);
  EXPECT_EQ(of_row, of_slice);
  EXPECT_NE(form(row), form(slice));
}

TEST(Selection, FormOfAChunkFitsIntoASmallString) {
  Selection chunk = Selection::whole(Shape{100'000'000, 128});
  chunk.take(0, axis_range(50'000'000, 50'000'100));
  EXPECT_LE(form(chunk).size(), 15u);
}

TEST(Selection, WhatIsNoFormIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("\x01", 1), std::string("\0\1\2\4", 4), std::string("\0\2\0\5\2", 5),
        std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f")}) {
    EXPECT_FALSE(Selection::decode(text, Shape{3, 2, 4}));
  }
}

// A form that was kept while the array got another shape means bytes of the array as it is now, or nothing.
TEST(Selection, FormsOfAnotherArrayMeanNothingOutsideOfThisOne) {
  std::mt19937 random(17);
  const std::vector<Shape> shapes = {{},        {1},       {3},       {2},          {0}, {3, 2},
                                     {2, 2, 4}, {3, 2, 3}, {3, 1, 4}, {3, 2, 4, 2}, {24}};
  int refused = 0;
  for (int i = 0; i < 20'000 / NPYFS_EVERY; ++i) {
    const Selection selection = random_selection(random);
    if (!selection.fields().empty()) continue;
    const std::string encoded = form(selection);
    std::string of_bytes;
    selection.encode_bytes(of_bytes);
    for (const Shape& shape : shapes) {
      const auto decoded = Selection::decode(encoded, shape);
      refused += !decoded;
      if (!decoded) continue;
      if (encoded != of_bytes) {
        ASSERT_EQ(decoded->shape(), selection.shape());
      }
      const Runs whole(contiguous_geometry(1000, 8, shape, false), false);
      const Runs runs(decoded->geometry(contiguous_geometry(1000, 8, shape, false)), false);
      if (runs.size() == 0) continue;
      const Extent hull = runs.hull(0, runs.size());
      ASSERT_GE(hull.offset, 1000u);
      ASSERT_LE(hull.end(), 1000 + whole.size());
    }
  }
  EXPECT_GT(refused, 1000);
}

// For every pair of many small selections (with sanitizers every seventh): they conflict exactly where the sets of
// their bytes intersect.
TEST(Selection, OverlapIsIntersectionOfBytes) {
  std::mt19937 random(11);
  std::vector<Selection> selections;
  std::vector<std::set<std::uint64_t>> sets;
  for (int i = 0; i < 1500; ++i) {
    selections.push_back(random_selection(random));
    const auto bytes = bytes_of(selections.back());
    sets.emplace_back(bytes.begin(), bytes.end());
  }
  for (std::size_t i = 0; i < selections.size(); ++i) {
    for (std::size_t j = i; j < selections.size(); j += NPYFS_EVERY) {
      bool expected = false;
      for (const std::uint64_t byte : sets[i]) expected = expected || sets[j].contains(byte);
      ASSERT_EQ(overlap(selections[i], selections[j]), expected);
      ASSERT_EQ(overlap(selections[j], selections[i]), expected);
    }
  }
}

}  // namespace
}  // namespace npyfs
