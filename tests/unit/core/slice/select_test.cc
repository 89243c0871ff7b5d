#include "core/slice/select.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/unit/support/parse_path.h"

namespace npyfs {
namespace {

// An array of items of 8 bytes that begin at byte 128.
Result<Selection> select_in(const Shape& shape, const std::string& path) {
  const Geometry whole = contiguous_geometry(128, 8, shape, false);
  return select({Selection::whole(shape), whole, false}, *parse_path(path));
}

TEST(Select, TakesTheIndicesThatTheNameSays) {
  struct Case {
    const char* path;
    std::size_t axis;
    AxisIndex index;
  };
  const std::vector<Case> cases = {
      // numpy.array_split.
      {"chunks/1_of_3.npy", 0, axis_range(4, 7)},
      {"axis1/chunks/6_of_7.npy", 1, axis_range(6, 7)},
      {"axis1/chunks/9_of_10.npy", 1, AxisIndex{}},
      {"axis1/chunks/16/3_of_16.bin", 1, axis_range(3, 4)},
      {"slices/0_to_10.npy", 0, whole_axis(10)},
      {"axis1/slices/2_to_7.npy", 1, axis_range(2, 7)},
      {"axis1/slices/7_to_7.npy", 1, AxisIndex{}},
      {"slices/1_to_10_by_3.npy", 0, axis_progression(1, 3, 3)},
      {"slices/0_to_10_by_3.npy", 0, axis_progression(0, 4, 3)},
      {"slices/1_to_10_by_9.npy", 0, axis_range(1, 2)},
      {"slices/1_to_10_by_8.npy", 0, axis_progression(1, 2, 8)},
      {"slices/1_to_2_by_9223372036854775807.npy", 0, axis_range(1, 2)},
      {"slices/3_to_3_by_2.npy", 0, AxisIndex{}},
      {"batches/4/0.npy", 0, axis_range(0, 4)},
      {"batches/4/2.npy", 0, axis_range(8, 10)},
      {"batches/5/1.npy", 0, axis_range(5, 10)},
      {"batches/9223372036854775807/0.npy", 0, whole_axis(10)},
      {"axis1/batches/3/2.bin", 1, axis_range(6, 7)},
      {"items/0.npy", 0, single_index(0)},
      {"axis1/items/6.npy", 1, single_index(6)},
      {"chunks/3_of_4", 0, axis_range(8, 10)},
  };
  for (const auto& [path, axis, index] : cases) {
    const auto selected = select_in({10, 7}, path);
    ASSERT_TRUE(selected) << path;
    EXPECT_EQ(selected->axes()[axis].index, index) << path;
    EXPECT_EQ(selected->axes()[1 - axis].index, whole_axis(axis == 0 ? 7 : 10)) << path;
    EXPECT_EQ(selected->ndim(), index.drops_axis ? 1u : 2u) << path;
  }
}

TEST(Select, WhatTheArrayDoesNotHaveIsNotFound) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"slices/0_to_11.npy", "the array has 10 rows"},
      {"axis1/slices/0_to_8.npy", "the array has 7 rows"},
      {"axis1/slices/8_to_8.npy", "the array has 7 rows"},
      {"slices/0_to_11_by_4.npy", "the array has 10 rows"},
      {"axis2/slices/0_to_0.npy", "the array has 2 dimensions"},
      {"axis2/chunks/0_of_1.npy", "the array has 2 dimensions"},
      {"axis63/items/0.npy", "the array has 2 dimensions"},
      {"items/10.npy", "the array has 10 rows"},
      {"axis1/items/7.npy", "the array has 7 rows"},
      {"items/9223372036854775807.bin", "the array has 10 rows"},
      {"batches/4/3.npy", "there are 3 batches"},
      {"batches/5/2.npy", "there are 2 batches"},
      {"batches/9223372036854775807/1.npy", "there are 1 batches"},
      {"batches/2/9223372036854775807.npy", "there are 5 batches"},
      {"chunks/aligned/0_of_2.npy", "at most 1 chunks have page edges"},
  };
  for (const auto& [path, sentence] : cases) {
    const auto selected = select_in({10, 7}, path);
    ASSERT_FALSE(selected) << path;
    EXPECT_EQ(selected.error().kind, ErrorKind::kNotFound) << path;
    EXPECT_EQ(selected.error().subject, path);
    EXPECT_EQ(selected.error().sentence, sentence) << path;
  }
  EXPECT_FALSE(select_in({}, "chunks/0_of_1.npy")) << "of no dimensions";
  EXPECT_FALSE(select_in({0}, "items/0.npy"));
  EXPECT_FALSE(select_in({0}, "batches/4/0.npy"));
  EXPECT_TRUE(select_in({0}, "chunks/0_of_1.npy"));
}

TEST(Select, AlignedChunksAreAsManyAsThereArePageEdges) {
  const Shape shape = {2000};  // page edges at 496, 1008 and 1520
  EXPECT_EQ(select_in(shape, "chunks/aligned/0_of_4.npy")->axes()[0].index, axis_range(0, 496));
  EXPECT_EQ(select_in(shape, "chunks/aligned/3_of_4.npy")->axes()[0].index, axis_range(1520, 2000));
  const auto refused = select_in(shape, "chunks/aligned/0_of_5.npy");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(refused.error().sentence, "at most 4 chunks have page edges");
}

TEST(Select, OfAViewCountsItsOwnRows) {
  const Shape shape = {2000};
  const Geometry whole = contiguous_geometry(128, 8, shape, false);
  Selection view = Selection::whole(shape);
  view.take(0, axis_range(496, 1520));
  const auto select_in_view = [&](const char* path) { return select({view, whole, false}, *parse_path(path)); };
  EXPECT_EQ(select_in_view("items/3.npy")->axes()[0].index, single_index(499));
  EXPECT_EQ(select_in_view("chunks/1_of_2.npy")->axes()[0].index, axis_range(1008, 1520));
  EXPECT_EQ(select_in_view("chunks/aligned/1_of_2.npy")->axes()[0].index, axis_range(1008, 1520));
  EXPECT_FALSE(select_in_view("chunks/aligned/0_of_3.npy"));
  EXPECT_FALSE(select_in_view("items/1024.npy"));
}

// Batches of any size cover all rows once, in order.
TEST(Select, BatchesAreAllRows) {
  for (std::uint64_t length = 0; length <= 12; ++length) {
    for (std::uint64_t rows = 1; rows <= 14; ++rows) {
      const Shape shape = {length};
      const Geometry whole = contiguous_geometry(128, 8, shape, false);
      std::uint64_t next = 0;
      const std::uint64_t batches = count_batches(length, rows);
      for (std::uint64_t batch = 0; batch <= batches; ++batch) {
        const VirtualName name{.kind = NameKind::kBatch, .first = batch, .second = rows};
        const auto selected = select({Selection::whole(shape), whole, false}, name);
        ASSERT_EQ(selected.has_value(), batch < batches);
        if (!selected) continue;
        const AxisIndex& index = selected->axes()[0].index;
        ASSERT_EQ(index.start, next);
        ASSERT_EQ(index.count, batch + 1 < batches ? rows : length - next);
        next += index.count;
      }
      ASSERT_EQ(next, length);
    }
  }
}

}  // namespace
}  // namespace npyfs
