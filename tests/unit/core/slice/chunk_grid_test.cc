#include "core/slice/chunk_grid.h"

#include <gtest/gtest.h>

#include <string>

namespace npyfs {
namespace {

constexpr std::uint64_t kMost = std::uint64_t{1} << 63;

TEST(DefaultChunkShape, IsWholeRowsOfSomeMebibytes) {
  EXPECT_EQ(default_chunk_shape({1000, 37}, 8, false), (Shape{1000, 37})) << "all of it";
  EXPECT_EQ(default_chunk_shape({1'000'000, 64}, 8, false), (Shape{8192, 64}));
  EXPECT_EQ(default_chunk_shape({100, 200, 4096}, 8, false), (Shape{1, 128, 4096})) << "rows of 6.25 MiB";
  EXPECT_EQ(default_chunk_shape({3, 1'000'000'000}, 8, false), (Shape{1, 524288}));
  EXPECT_EQ(default_chunk_shape({3, 4}, 0, false), (Shape{3, 4})) << "items without bytes, which fields may be";
  EXPECT_EQ(default_chunk_shape({1'000'000'000}, 1, false), (Shape{4 << 20}));
}

TEST(DefaultChunkShape, IsOneRangeInFortranOrderAsWell) {
  EXPECT_EQ(default_chunk_shape({64, 1'000'000}, 8, true), (Shape{64, 8192}));
  EXPECT_EQ(default_chunk_shape({1'000'000'000, 3}, 8, true), (Shape{524288, 1}));
}

TEST(DefaultChunkShape, StaysWhileRowsAreAppended) {
  for (const std::uint64_t rows : {8193u, 10'000u, 16'384u, 20'000u}) {
    EXPECT_EQ(default_chunk_shape({rows, 64}, 8, false), (Shape{8192, 64}));
  }
}

TEST(DefaultChunkShape, HasNoLengthZero) {
  EXPECT_EQ(default_chunk_shape({0, 5}, 8, false), (Shape{1, 5}));
  EXPECT_EQ(default_chunk_shape({0, kMost}, 8, false), (Shape{1, 524288}));
  EXPECT_EQ(default_chunk_shape({}, 8, false), Shape{});
  EXPECT_EQ(default_chunk_shape({5, 5}, 1 << 30, false), (Shape{1, 1})) << "items larger than a usual chunk";
}

TEST(ParseChunkShape, TakesLengthsWithoutLeadingZeros) {
  EXPECT_EQ(parse_chunk_shape("7"), Shape{7});
  EXPECT_EQ(parse_chunk_shape("1000x64x1"), (Shape{1000, 64, 1}));
  EXPECT_EQ(parse_chunk_shape("9223372036854775807"), Shape{kMost - 1});
  for (const char* none : {"", "x", "0", "1x0", "1x", "x1", "1xx2", "01", "-1", "+1", "1X2", "1.2", " 1", "1 ",
                           "9223372036854775808", "data"}) {
    EXPECT_FALSE(parse_chunk_shape(none)) << none;
  }
}

TEST(ChunkSize, IsKnownNotToOverflow) {
  EXPECT_EQ(chunk_size({1000, 64}, 8), 512'000u);
  EXPECT_EQ(chunk_size({}, 8), 8u);
  EXPECT_EQ(chunk_size({kMost - 1}, 1), kMost - 1);
  EXPECT_FALSE(chunk_size({kMost - 1}, 2));
  EXPECT_FALSE(chunk_size({1 << 22, 1 << 22, 1 << 22}, 1));
}

TEST(ChunkGrid, CountsChunksAndWhatIsInThem) {
  const ChunkGrid grid{{10, 6, 0}, {4, 3, 1}};
  EXPECT_EQ(grid.count(0), 3u);
  EXPECT_EQ(grid.count(1), 2u);
  EXPECT_EQ(grid.count(2), 0u);
  EXPECT_EQ(grid.count_from(0), 0u);
  EXPECT_EQ(grid.indices(0, 1), axis_range(4, 8));
  EXPECT_EQ(grid.indices(0, 2), axis_range(8, 10)) << "the edge";
  const ChunkGrid larger{{10}, {100}};
  EXPECT_EQ(larger.count(0), 1u);
  EXPECT_EQ(larger.indices(0, 0), axis_range(0, 10));
}

TEST(ChunkGrid, EveryKeyIsReadAsItWasWritten) {
  const ChunkGrid grid{{10, 6, 2}, {4, 3, 1}};
  ASSERT_EQ(grid.count_from(0), 12u);
  for (std::uint64_t number = 0; number < 12; ++number) {
    EXPECT_EQ(grid.parse_key(grid.key(number)), (Shape{number / 4, number / 2 % 2, number % 2})) << number;
  }
  EXPECT_EQ(grid.key(0), "0.0.0");
  EXPECT_EQ(grid.key(11), "2.1.1");
  for (const char* none : {"", "0", "0.0", "0.0.0.0", "3.0.0", "0.2.0", "0.0.2", "00.0.0", "0.0.0.", ".0.0.0", "0..0",
                           "0.0.-1", "0/0/0", "a.b.c"}) {
    EXPECT_FALSE(grid.parse_key(none)) << none;
  }
}

TEST(ChunkGrid, OfAnArrayWithoutDimensionsHasOneChunk) {
  const ChunkGrid grid;
  EXPECT_EQ(grid.count_from(0), 1u);
  EXPECT_EQ(grid.key(0), "0");
  EXPECT_EQ(grid.parse_key("0"), Shape{});
  EXPECT_FALSE(grid.parse_key(""));
  EXPECT_FALSE(grid.parse_key("1"));
}

}  // namespace
}  // namespace npyfs
