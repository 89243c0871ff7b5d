#include "core/slice/index_expression.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace npyfs {
namespace {

std::string text_of(std::optional<int> number) {
  return number ? std::to_string(*number) : "";
}

// Python's slice.indices() and range(), as the language reference has them.
std::vector<std::uint64_t> plain_indices(int length, std::optional<int> start, std::optional<int> stop, int step) {
  const auto bound = [&](std::optional<int> given, int otherwise) {
    if (!given) return otherwise;
    const int lowest = step < 0 ? -1 : 0;
    const int highest = step < 0 ? length - 1 : length;
    const int from_the_start = *given < 0 ? *given + length : *given;
    return from_the_start < lowest ? lowest : from_the_start > highest ? highest : from_the_start;
  };
  const int first = bound(start, step < 0 ? length - 1 : 0);
  const int end = bound(stop, step < 0 ? -1 : length);
  std::vector<std::uint64_t> indices;
  for (int i = first; step < 0 ? i > end : i < end; i += step) indices.push_back(static_cast<std::uint64_t>(i));
  return indices;
}

std::vector<std::uint64_t> indices_of(const AxisIndex& index) {
  std::vector<std::uint64_t> indices;
  for (std::uint64_t i = 0; i < index.count; ++i) indices.push_back(index_at(index, i));
  return indices;
}

Result<Selection> select(const Shape& shape, std::string_view expression) {
  return select_by_expression(Selection::whole(shape), expression);
}

std::string form(const Selection& selection) {
  std::string out;
  selection.encode(out);
  return out;
}

TEST(IndexExpression, SlicesAsPythonDoes) {
  std::vector<std::optional<int>> bounds = {std::nullopt};
  for (int i = -8; i <= 8; ++i) bounds.emplace_back(i);
  for (int length = 0; length <= 6; ++length) {
    for (const auto& start : bounds) {
      for (const auto& stop : bounds) {
        for (const auto& step : bounds) {
          if (step == 0) continue;
          const std::string text = text_of(start) + ":" + text_of(stop) + ":" + text_of(step);
          const auto selected = select({static_cast<std::uint64_t>(length)}, text);
          ASSERT_TRUE(selected) << text;
          const AxisIndex& index = selected->axes()[0].index;
          ASSERT_EQ(indices_of(index), plain_indices(length, start, stop, step.value_or(1)))
              << text << " of " << length;
          ASSERT_EQ(index, axis_progression(index.start, index.count, index.step)) << "normalised";
          if (step) continue;
          ASSERT_EQ(form(*select({static_cast<std::uint64_t>(length)}, text_of(start) + ":" + text_of(stop))),
                    form(*selected));
        }
      }
    }
  }
}

TEST(IndexExpression, IndicesCountFromBothEnds) {
  for (int length = 0; length <= 6; ++length) {
    for (int i = -8; i <= 8; ++i) {
      const auto selected = select({static_cast<std::uint64_t>(length)}, std::to_string(i));
      ASSERT_EQ(selected.has_value(), i >= -length && i < length) << i << " of " << length;
      if (!selected) continue;
      EXPECT_EQ(selected->ndim(), 0u);
      EXPECT_EQ(selected->axes()[0].index, single_index(static_cast<std::uint64_t>(i < 0 ? i + length : i)));
    }
  }
}

TEST(IndexExpression, HasTheShapeThatNumpyGivesIt) {
  const std::vector<std::pair<const char*, Shape>> cases = {
      {"...", {4, 3, 2}},
      {":", {4, 3, 2}},
      {"1", {3, 2}},
      {"1,2", {2}},
      {"1,2,0", {}},
      {"...,0", {4, 3}},
      {"0,...,1", {3}},
      {"0,...", {3, 2}},
      {"...,0,0,0", {}},
      {"0,0,0,...", {}},
      {":,None", {4, 1, 3, 2}},
      {"None", {1, 4, 3, 2}},
      {"None,None", {1, 1, 4, 3, 2}},
      {"...,None", {4, 3, 2, 1}},
      {"0,None,0,None,0", {1, 1}},
      {"None,...,None", {1, 4, 3, 2, 1}},
      {":2,1:,::-1", {2, 2, 2}},
      {"3:1", {0, 3, 2}},
      {"::3,0", {2, 2}},
      {"-1,-1,-1", {}},
      {"0,1:1,None", {0, 1, 2}},
      {"+1", {3, 2}},
      {"-0", {3, 2}},
      {"0001,::002", {2, 2}},
      {"+1:+2", {1, 3, 2}},
      {"::", {4, 3, 2}},
  };
  for (const auto& [text, shape] : cases) {
    const auto selected = select({4, 3, 2}, text);
    ASSERT_TRUE(selected) << text << ": " << to_message(selected.error());
    EXPECT_EQ(selected->shape(), shape) << text;
  }
}

TEST(IndexExpression, IndexesAViewByItsOwnAxes) {
  const auto once = select({10, 6}, "9:0:-2,1:5");
  const auto twice = select_by_expression(*once, "1:4,-1");
  ASSERT_TRUE(twice);
  EXPECT_EQ(form(*twice), form(*select({10, 6}, "7:2:-2,4")));
  EXPECT_EQ(form(*select_by_expression(*select({10, 6}, "3"), "2")), form(*select({10, 6}, "3,2")));
  EXPECT_EQ(select_by_expression(*select({10, 6}, "None,3"), ":0")->shape(), (Shape{0, 6}));
}

TEST(IndexExpression, ClipsNumbersOfAnyLength) {
  const std::string huge(100, '9');
  const std::string most = "9223372036854775807";
  for (const std::string& number :
       {huge, most, std::string("9223372036854775808"), std::string("18446744073709551616")}) {
    EXPECT_EQ(select({5}, ":" + number)->shape(), Shape{5}) << number;
    EXPECT_EQ(select({5}, "-" + number + ":")->shape(), Shape{5}) << number;
    EXPECT_EQ(select({5}, number + ":")->shape(), Shape{0}) << number;
    EXPECT_EQ(select({5}, ":-" + number)->shape(), Shape{0}) << number;
    EXPECT_EQ(form(*select({5}, "2::" + number)), form(*select({5}, "2:3"))) << number;
    EXPECT_EQ(form(*select({5}, "2::-" + number)), form(*select({5}, "2:3"))) << number;
    EXPECT_FALSE(select({5}, number)) << number;
    EXPECT_FALSE(select({5}, "-" + number)) << number;
  }
  // An axis as long as any.
  const Shape longest = {9223372036854775807u};
  EXPECT_EQ(select(longest, "::-1")->axes()[0].index, axis_progression(longest[0] - 1, longest[0], -1));
  EXPECT_EQ(select(longest, "-1")->axes()[0].index, single_index(longest[0] - 1));
}

TEST(IndexExpression, RefusesWhatIsNoneAndSaysSo) {
  const std::string none = "is no index: write one as in -5:,::2,...,None or 7,0:3";
  for (const char* text : {"",
                           ",",
                           "1,",
                           ",1",
                           "1,,2",
                           " 1",
                           "1 ",
                           "1, 2",
                           "x",
                           "1:2:3:4",
                           "..",
                           "....",
                           ".",
                           "none",
                           "Nonee",
                           "None:",
                           "...:",
                           "1.0",
                           "1e3",
                           "0x1",
                           "--1",
                           "+-1",
                           "-",
                           "+",
                           ":-",
                           "[0,1]",
                           "(1)",
                           "True",
                           "newaxis",
                           "1_000",
                           "\xD9\xA1",
                           "1\n",
                           "1;2",
                           "1-1",
                           "::2:",
                           "...,...,",
                           "-5:,::2,..,None"}) {
    const auto refused = select({4, 3, 2}, text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().kind, ErrorKind::kNotFound) << text;
    EXPECT_EQ(refused.error().subject, text);
    EXPECT_EQ(refused.error().sentence, none) << text;
  }
  EXPECT_FALSE(select({4}, std::string_view("1\0", 2)));
}

TEST(IndexExpression, RefusesWhatTheArrayDoesNotHaveForNumpysReason) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"4", "index 4 is out of bounds for an axis of length 4"},
      {"-5", "index -5 is out of bounds for an axis of length 4"},
      {"0,0,2", "index 2 is out of bounds for an axis of length 2"},
      {"...,-3", "index -3 is out of bounds for an axis of length 2"},
      {"None,4", "index 4 is out of bounds for an axis of length 4"},
      {"0,0,0,0", "too many indices: the array has 3 dimensions, 4 are indexed"},
      {":,:,:,...,:", "too many indices: the array has 3 dimensions, 4 are indexed"},
      {"...,...", "an index can have only one ellipsis ('...')"},
      {"0,...,0,...,0", "an index can have only one ellipsis ('...')"},
      {"::0", "slice step cannot be zero"},
      {"0,1:2:-0", "slice step cannot be zero"},
  };
  for (const auto& [text, sentence] : cases) {
    const auto refused = select({4, 3, 2}, text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().kind, ErrorKind::kNotFound) << text;
    EXPECT_EQ(refused.error().sentence, sentence) << text;
  }
  EXPECT_EQ(select({}, "0").error().sentence, "too many indices: the array has 0 dimensions, 1 are indexed");
  EXPECT_EQ(select({}, "...,None")->shape(), Shape{1});
  EXPECT_EQ(select({0}, "0").error().sentence, "index 0 is out of bounds for an axis of length 0");
}

TEST(IndexExpression, GivesNoArrayMoreThanSixtyFourDimensions) {
  std::string text = "...";
  for (int i = 0; i < 62; ++i) text += ",None";
  EXPECT_EQ(select({4, 3}, text)->ndim(), 64u);
  const auto refused = select({4, 3}, text + ",None");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().sentence, "no array has more than 64 dimensions");
  EXPECT_EQ(select({4, 3}, "0," + text + ",None")->ndim(), 64u) << "one that was dropped makes room";
}

}  // namespace
}  // namespace npyfs
