#include "core/slice/axis_index.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace npyfs {
namespace {

// All normalised progressions of an axis of this length.
std::vector<AxisIndex> all_of(std::uint64_t length) {
  std::vector<AxisIndex> all = {AxisIndex{}};
  const auto end = static_cast<std::int64_t>(length);
  for (std::int64_t start = 0; start < end; ++start) {
    all.push_back(axis_progression(static_cast<std::uint64_t>(start), 1, 1));
    for (std::int64_t step = -end; step <= end; ++step) {
      if (step == 0) continue;
      for (std::int64_t count = 2; start + (count - 1) * step >= 0 && start + (count - 1) * step < end; ++count) {
        all.push_back(axis_progression(static_cast<std::uint64_t>(start), static_cast<std::uint64_t>(count), step));
      }
    }
  }
  return all;
}

std::vector<std::uint64_t> indices(const AxisIndex& index) {
  std::vector<std::uint64_t> all;
  for (std::uint64_t i = 0; i < index.count; ++i) all.push_back(index_at(index, i));
  return all;
}

TEST(AxisIndex, IsNormalised) {
  EXPECT_EQ(axis_progression(5, 0, 7), AxisIndex{});
  EXPECT_EQ(axis_progression(5, 1, -7), axis_progression(5, 1, 1));
  EXPECT_EQ(axis_range(5, 5), AxisIndex{});
  EXPECT_EQ(axis_range(3, 7), (AxisIndex{.start = 3, .count = 4}));
  EXPECT_TRUE(single_index(4).drops_axis);
}

TEST(AxisIndex, ComposesAsIndexingTwice) {
  for (std::uint64_t length = 0; length <= 6; ++length) {
    for (const auto& outer : all_of(length)) {
      const auto of_outer = indices(outer);
      for (const auto& inner : all_of(outer.count)) {
        std::vector<std::uint64_t> expected;
        for (const std::uint64_t i : indices(inner)) expected.push_back(of_outer[i]);
        const AxisIndex composed = compose(outer, inner);
        EXPECT_EQ(indices(composed), expected);
        EXPECT_EQ(composed, axis_progression(composed.start, composed.count, composed.step)) << "normalised";
      }
    }
  }
}

TEST(AxisIndex, MeetsWhereTheSetsOfIndicesIntersect) {
  const auto all = all_of(9);
  for (const auto& a : all) {
    const auto of_a = indices(a);
    const std::set<std::uint64_t> set(of_a.begin(), of_a.end());
    for (const auto& b : all) {
      bool expected = false;
      for (const std::uint64_t index : indices(b)) expected = expected || set.contains(index);
      ASSERT_EQ(meets(a, b), expected) << a.start << "+" << a.count << "*" << a.step << " " << b.start << "+" << b.count
                                       << "*" << b.step;
    }
  }
}

TEST(AxisIndex, MeetsOnAnAxisOfTheLargestLength) {
  constexpr std::uint64_t kLength = std::uint64_t{1} << 63;
  const auto every = [](std::uint64_t start, std::int64_t step) {
    return axis_progression(start, (kLength - 1 - start) / static_cast<std::uint64_t>(step) + 1, step);
  };
  EXPECT_FALSE(meets(every(0, 2), every(1, 2)));
  EXPECT_TRUE(meets(every(1, 2), every(0, 3)));
  // Coprime steps near 2^31 meet first at about their product.
  EXPECT_TRUE(meets(every(0, 2147483647), every(1, 2147483648)));
  EXPECT_FALSE(meets(axis_progression(0, 1000, 2147483647), every(1, 2147483648)));
  EXPECT_TRUE(meets(axis_progression(kLength - 1, kLength, -1), every(kLength - 1, 1)));
}

}  // namespace
}  // namespace npyfs
