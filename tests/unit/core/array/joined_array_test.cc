#include "core/array/joined_array.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/array/view.h"
#include "tests/unit/support/sliced_array.h"

namespace npyfs {
namespace {

struct Cut {
  std::vector<std::uint64_t> shape;
  bool fortran_order = false;
  std::string descr = "'<i4'";
};

JoinedParts parts_of(const std::vector<Cut>& cuts) {
  JoinedParts parts;
  for (const auto& [shape, fortran_order, descr] : cuts) {
    JoinedPart part{.name = std::to_string(parts.size()) + ".npy",
                    .version = 100 + parts.size(),
                    .problem = {},
                    .type = std::make_shared<const PartType>(PartType{descr, 4, {}}),
                    .shape = shape,
                    .fortran_order = fortran_order,
                    .data_offset = 128};
    part.status.st_ino = 7 + parts.size();
    part.status.st_mode = S_IFREG | 0644;
    parts.push_back(std::move(part));
  }
  return parts;
}

JoinedArray joined(JoinedParts parts) {
  return JoinedArray("dir/shards", std::move(parts), 0, [](const auto&) { return nullptr; });
}

// Item by item: in which part, and where in it.
std::vector<std::pair<std::size_t, std::uint64_t>> places_of(const View& view) {
  std::vector<std::pair<std::size_t, std::uint64_t>> places;
  for (const Segment& segment : view.segments) {
    segment.runs.visit(0, segment.runs.size(), [&](Extent extent) {
      for (std::uint64_t at = extent.offset; at < extent.end(); at += 4) places.emplace_back(segment.number, at);
    });
  }
  return places;
}

TEST(JoinedArray, AViewHasASegmentForEachPartThatItTouches) {
  const JoinedArray array = joined(parts_of({{{10, 2}}, {{0, 2}}, {{11, 2}, true}, {{3, 2}}}));
  ASSERT_TRUE(array.array());
  const Array& whole = **array.array();
  EXPECT_EQ(whole.shape, Shape({24, 2}));
  EXPECT_FALSE(whole.fortran_order);
  ASSERT_EQ(whole.parts.size(), 3u) << "a part without rows is none";
  EXPECT_EQ(whole.parts[2].first_row, 21u);
  EXPECT_EQ(whole.parts[2].number, 3u);
  for (const char* expression :
       {"::1", "::-1", "::10", "9::-4", "20:22", "23::-99", "5", "12", "None,8:13,::-1", ":,1"}) {
    const Selection selection = indexed(whole, expression);
    const View view = make_view(whole, selection, Form::kBin);
    std::vector<std::pair<std::size_t, std::uint64_t>> expected;
    // The bytes of the same selection of an array in one file say which items they are.
    const Array model = array_without_file({"'<i4'", 4, false, {24, 2}}, 0);
    const View plain = make_view(model, selection, Form::kBin);
    for (const auto& [number, at] : places_of(plain)) {
      const std::uint64_t row = at / 8;
      const std::uint64_t column = at / 4 % 2;
      if (row < 10) expected.emplace_back(0, 128 + at);
      if (row >= 10 && row < 21) expected.emplace_back(2, 128 + 4 * (row - 10 + 11 * column));
      if (row >= 21) expected.emplace_back(3, 128 + at - 21 * 8);
    }
    EXPECT_EQ(places_of(view), expected) << expression;
    EXPECT_EQ(view.size(), view_size(whole, selection, Form::kBin)) << expression;
    ASSERT_EQ(view.segment_ends.size(), view.segments.size());
  }
  EXPECT_TRUE(make_view(whole, indexed(whole, "3:3"), Form::kNpy).segments.empty());
}

TEST(JoinedArray, SaysWhyPartsCannotBeJoined) {
  const auto why = [](JoinedParts parts) { return joined(std::move(parts)).array().error().sentence; };
  EXPECT_EQ(why({}), "has no .npy files that could be joined");
  EXPECT_EQ(why(parts_of({{{2, 3}}, {{0, 9}, false, "'|i1'"}, {{2, 3}, false, "'>i4'"}, {{2}}})),
            "cannot be joined: 2.npy has dtype '>i4', and 0.npy has '<i4'");
  EXPECT_EQ(why(parts_of({{{0, 1}}, {{2, 3}}, {{1, 4}}})),
            "cannot be joined: 2.npy has rows of shape (4,), and 1.npy has rows of shape (3,)");
  auto damaged = parts_of({{{2}}, {{2}}, {{2}}});
  damaged[1].problem = Error{ErrorKind::kMalformed, "x", "is bad"};
  damaged[2].problem = Error{ErrorKind::kMalformed, "x", "is bad, too"};
  EXPECT_EQ(why(damaged), "2 of 3 parts cannot be joined; 1.npy: is bad; 2.npy: is bad, too");
  auto many = parts_of(std::vector<Cut>(9, Cut{{1}}));
  for (JoinedPart& part : many) part.problem = Error{ErrorKind::kMalformed, "x", "is bad"};
  EXPECT_TRUE(why(many).ends_with("; 4.npy: is bad; and 4 more"));
  constexpr std::uint64_t kHalf = std::uint64_t{1} << 60;
  EXPECT_TRUE(why(parts_of({{{kHalf}}, {{kHalf}}})).ends_with("more bytes than a file can have"));
  constexpr std::uint64_t kMost = std::uint64_t{1} << 63;
  EXPECT_TRUE(why(parts_of({{{kMost, 0}}, {{kMost, 0}}})).ends_with("the parts have 2^64 rows or more"));
}

TEST(JoinedArray, IsAnotherVersionIfAnyPartIs) {
  const auto parts = parts_of({{{2}}, {{3}}});
  const JoinedArray array = joined(parts);
  EXPECT_EQ(joined(parts).version(), array.version());
  auto rewritten = parts;
  rewritten[1].version = 999;
  EXPECT_NE(joined(rewritten).version(), array.version());
  EXPECT_EQ(joined(rewritten).identity(), array.identity());
  auto renamed = parts;
  renamed[1].name = "x.npy";
  EXPECT_NE(joined(renamed).version(), array.version());
  auto swapped = parts;
  std::swap(swapped[0], swapped[1]);
  EXPECT_NE(joined(swapped).version(), array.version());
  EXPECT_NE(joined(swapped).identity(), array.identity());
}

TEST(JoinedArray, MayBeReadByWhoMayReadEveryPart) {
  SourceStatus directory = {};
  directory.st_mode = S_IFDIR | 0755;
  auto parts = parts_of({{{2}}, {{3}}});
  EXPECT_EQ(joined(parts).status(directory).st_mode, S_IFREG | 0644u);
  parts[1].status.st_mode = S_IFREG | 0640;
  EXPECT_EQ(joined(parts).status(directory).st_mode, S_IFREG | 0640u);
  parts[1].status.st_uid = 1000;
  EXPECT_EQ(joined(parts).status(directory).st_mode, S_IFREG | 0u) << "not all classes may";
  parts[1].status.st_mode = parts[0].status.st_mode = S_IFREG | 0644;
  EXPECT_EQ(joined(parts).status(directory).st_mode, S_IFREG | 0444u);
  directory.st_mode = S_IFDIR | 0711;
  EXPECT_EQ(joined(parts).status(directory).st_mode, S_IFREG | 0u) << "nor may all list the directory";
  parts[1].status.st_uid = 0;
  EXPECT_EQ(joined(parts).status(directory).st_mode, S_IFREG | 0600u);
}

TEST(JoinedArray, HasTheYoungestTimes) {
  SourceStatus directory = {};
  directory.st_mtim = {50, 0};
  directory.st_ctim = {10, 5};
  auto parts = parts_of({{{2}}, {{3}}});
  parts[0].status.st_mtim = {60, 1};
  parts[1].status.st_mtim = {60, 0};
  const SourceStatus status = joined(parts).status(directory);
  EXPECT_EQ(nanoseconds(status.st_mtim), 60'000'000'001);
  EXPECT_EQ(nanoseconds(status.st_ctim), 10'000'000'005);
}

}  // namespace
}  // namespace npyfs
