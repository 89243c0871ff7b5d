#include "core/io/gather.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/support/failing_calls.h"
#include "tests/unit/support/gather_fixture.h"
#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/sliced_array.h"

namespace npyfs {
namespace {

constexpr std::uint64_t kWindow = MappingCache::kWindowSize;

// One array for each way of gathering. `axis` and `rows` choose the slice that takes it.
struct Strategy {
  const char* name;
  TestArray array;
  std::uint8_t axis;
  RowRange rows;
};

const std::vector<Strategy> kStrategies = {
    {"contiguous", {.shape = {3000, 7}}, 0, {100, 2900}},
    {"few runs", {"'<f4'", 4, false, {50, 1000}}, 1, {13, 700}},
    {"close runs of one item", {"'<f4'", 4, false, {5000, 50}}, 1, {17, 18}},
    {"close runs, odd items", {"'|V7'", 7, false, {3001, 11}}, 1, {2, 9}},
    {"close runs, nearly all", {"'|u1'", 1, false, {4000, 100}}, 1, {1, 100}},
    {"close runs at the limit of a mapping", {"'|u1'", 1, false, {700, 8192}}, 1, {8000, 8010}},
    {"runs too far for a mapping", {"'|u1'", 1, false, {700, 8193}}, 1, {8183, 8193}},
    {"far runs", {"'<f8'", 8, false, {1200, 3000}}, 1, {2998, 3000}},
    {"runs too far for reading spans", {"'|u1'", 1, false, {600, 65537}}, 1, {5, 6}},
    {"Fortran order, rows", {"'<f8'", 8, true, {300, 900}}, 0, {100, 102}},
    {"Fortran order, columns", {"'<f8'", 8, true, {300, 90}}, 1, {10, 80}},
    {"middle axis", {"'<i2'", 2, false, {40, 30, 20}}, 1, {7, 19}},
    {"Fortran order, middle axis", {"'<i2'", 2, true, {40, 30, 20}}, 1, {7, 8}},
};

TEST_F(GatherTest, EveryStrategyGivesTheBytesOfThePlainModel) {
  std::mt19937_64 random(1);
  for (const auto& [name, array, axis, rows] : kStrategies) {
    const std::string data = pattern_bytes(array.data_size());
    directory_.write("a.npy", npy_header_bytes(array) + data);
    const std::string expected_body = slice_bytes(array, data, axis, rows);
    for (const SourceIo io : {SourceIo::kMmap, SourceIo::kPread}) {
      const auto source = open_array(io);
      const auto view = view_of(*source, slice_name(axis, rows.start, rows.stop));
      const std::string expected = view.header + expected_body;
      ASSERT_EQ(view.size(), expected.size()) << name;
      const auto check = [&](std::uint64_t offset, std::uint64_t size) {
        // Not EXPECT_EQ: nobody wants to read the difference of two megabytes.
        ASSERT_TRUE(read(view, offset, size) == expected.substr(std::min(offset, expected.size()), size))
            << name << (io == SourceIo::kMmap ? ", mmap, " : ", pread, ") << offset << "+" << size;
      };
      check(0, expected.size());
      check(0, expected.size() + 100'000);
      check(0, view.header.size());
      check(view.header.size(), expected.size());
      check(view.header.size() - 1, 2);
      check(expected.size() - 1, 4096);
      check(expected.size(), 1);
      check(expected.size() + 1, 1);
      for (int i = 0; i < 60; ++i) {
        const std::uint64_t offset = random() % expected.size();
        check(offset, 1 + random() % ((expected.size() >> random() % 12) + 1));
      }
    }
  }
}

TEST_F(GatherTest, EveryOffsetAndSizeOfASmallSlice) {
  const TestArray array{"'|V3'", 3, false, {6, 5}};
  const std::string data = pattern_bytes(array.data_size());
  directory_.write("a.npy", npy_header_bytes(array) + data);
  for (const SourceIo io : {SourceIo::kMmap, SourceIo::kPread}) {
    const auto source = open_array(io);
    const auto view = view_of(*source, slice_name(1, 1, 3, Form::kBin));
    const std::string expected = slice_bytes(array, data, 1, {1, 3});
    for (std::uint64_t offset = 0; offset <= expected.size() + 1; ++offset) {
      for (std::uint64_t size = 0; offset + size <= expected.size() + 2; ++size) {
        ASSERT_EQ(read(view, offset, size), expected.substr(std::min(offset, expected.size()), size));
      }
    }
  }
}

TEST_F(GatherTest, OffsetsThatNoFileHasReadNothing) {
  directory_.write("a.npy", npy_bytes({.shape = {4}}));
  const auto source = open(SourceIo::kMmap);
  const View view = whole_file_view(source);
  constexpr std::uint64_t kMost = ~std::uint64_t{0};
  EXPECT_EQ(read(view, kMost, kMost), "");
  EXPECT_EQ(read(view, source->size(), kMost), "");
  EXPECT_EQ(read(view, source->size() - 1, kMost).size(), 1u);
}

TEST_F(GatherTest, TextNeedsNoSource) {
  const View text = text_view("a text\n");
  EXPECT_EQ(read(text, 0, 100), "a text\n");
  EXPECT_EQ(read(text, 2, 3), "tex");
  EXPECT_EQ(read(text, 7, 3), "");
}

// A sparse file that is marked on both sides of where a window ends.
TEST_F(GatherTest, ReadsAcrossTheEdgeOfAWindow) {
  constexpr std::uint64_t kEdge = 2 * kWindow;
  constexpr std::uint64_t kMarked = 64 << 10;
  const std::string marks = pattern_bytes(2 * kMarked);
  directory_.write("a.npy", "");
  directory_.truncate("a.npy", kEdge + kWindow);
  const UniqueFd writing(::open(directory_.path("a.npy").c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_EQ(::pwrite(writing.get(), marks.data(), marks.size(), kEdge - kMarked), ssize_t{2 * kMarked});
  for (const SourceIo io : {SourceIo::kMmap, SourceIo::kPread}) {
    const auto source = open(io);
    const View whole = whole_file_view(source);
    EXPECT_TRUE(read(whole, kEdge - kMarked, 2 * kMarked) == marks);
    EXPECT_TRUE(read(whole, kEdge - 1, 2) == marks.substr(kMarked - 1, 2));
    EXPECT_TRUE(read(whole, kEdge, kMarked) == marks.substr(kMarked));
    EXPECT_TRUE(read(whole, kEdge - kMarked, kMarked) == marks.substr(0, kMarked));
    // A run of 7 bytes lies on the edge itself.
    for (const std::uint64_t stride : {16u, 10'000u, 100'000u}) {
      View runs;
      const Runs of_seven(kEdge - 3 - 600 * stride, 7, static_cast<std::int64_t>(stride), 1201);
      runs.segments.push_back({source, nullptr, of_seven});
      std::string expected(runs.size(), '\0');
      for (std::uint64_t i = 0; i < expected.size(); ++i) {
        const std::uint64_t position = of_seven.first() + i / 7 * stride + i % 7;
        const bool marked = position >= kEdge - kMarked && position < kEdge + kMarked;
        if (marked) expected[i] = marks[position - (kEdge - kMarked)];
      }
      EXPECT_TRUE(read(runs, 0, runs.size()) == expected) << stride;
      EXPECT_TRUE(read(runs, 600 * 7 - 2, 10) == expected.substr(600 * 7 - 2, 10)) << stride;
    }
  }
}

TEST_F(GatherTest, ATruncatedSourceIsTruncatedWhateverTheStrategy) {
  for (const auto& [name, array, axis, rows] : kStrategies) {
    const std::string header = npy_header_bytes(array);
    for (const SourceIo io : {SourceIo::kMmap, SourceIo::kPread}) {
      for (const std::uint64_t left : {array.data_size() / 2, std::uint64_t{0}}) {
        directory_.write("a.npy", header);
        directory_.truncate("a.npy", header.size() + array.data_size());
        const auto source = open_array(io);
        const auto view = view_of(*source, slice_name(axis, rows.start, rows.stop));
        ASSERT_TRUE(gather(view, 0, view.size(), pieces_)) << name;
        directory_.truncate("a.npy", left);
        const auto gathered = gather(view, 0, view.size(), pieces_);
        ASSERT_FALSE(gathered) << name;
        EXPECT_EQ(gathered.error().kind, ErrorKind::kTruncated)
            << name << (io == SourceIo::kMmap ? ", mmap: " : ", pread: ") << to_message(gathered.error());
      }
    }
  }
}

const Strategy& strategy_named(std::string_view name) {
  return *std::find_if(kStrategies.begin(), kStrategies.end(), [&](const Strategy& one) { return one.name == name; });
}

TEST_F(GatherTest, WhatCannotBeMappedIsAnErrorForThatReadAlone) {
  for (const char* name : {"contiguous", "far runs"}) {
    const auto& [ignored, array, axis, rows] = strategy_named(name);
    directory_.write("a.npy", npy_bytes(array));
    const auto source = open_array(SourceIo::kMmap);
    const auto view = view_of(*source, slice_name(axis, rows.start, rows.stop, Form::kBin));
    {
      const CallFailure failure(FailingCall::kMmap, ENOMEM);
      const auto gathered = gather(view, 0, view.size(), pieces_);
      ASSERT_FALSE(gathered) << name;
      EXPECT_EQ(to_errno(gathered.error()), ENOMEM) << name;
      EXPECT_EQ(gathered.error().subject, "a.npy") << name;
    }
    EXPECT_TRUE(gather(view, 0, view.size(), pieces_)) << name;
  }
}

TEST_F(GatherTest, ALargeBufferIsGivenBack) {
  const TestArray array{"'|u1'", 1, false, {3 << 20, 2}};
  directory_.write("a.npy", npy_bytes(array));
  const auto source = open_array(SourceIo::kPread);
  const auto view = view_of(*source, slice_name(1, 0, 1, Form::kBin));
  for (const std::uint64_t size : {std::uint64_t{3} << 20, std::uint64_t{100}}) {
    ASSERT_TRUE(gather(view, 0, size, pieces_));
    EXPECT_EQ(pieces_.size(), size);
    pieces_.clear();
    EXPECT_EQ(pieces_.size(), 0u);
  }
}

TEST_F(GatherTest, WhatIsStillThereOfATruncatedSourceCanBeRead) {
  const TestArray array{.shape = {10'000}};
  for (const SourceIo io : {SourceIo::kMmap, SourceIo::kPread}) {
    directory_.write("a.npy", npy_bytes(array));
    const auto source = open(io);
    const View whole = whole_file_view(source);
    directory_.truncate("a.npy", 50'000);
    EXPECT_TRUE(read(whole, 40'000, 10'000) == npy_bytes(array).substr(40'000, 10'000));
    EXPECT_FALSE(gather(whole, 40'000, 10'001, pieces_));
  }
}

TEST_F(GatherTest, ManyPiecesStayBelowWhatOneReplyTakes) {
  const TestArray array{"'<f8'", 8, false, {20'000, 4}};
  directory_.write("a.npy", npy_bytes(array));
  const auto source = open_array(SourceIo::kMmap);
  const auto view = view_of(*source, slice_name(1, 0, 1, Form::kNpy));
  for (std::uint64_t size = 8 * 400; size < 8 * 1100; size += 8) {
    ASSERT_TRUE(gather(view, 0, size, pieces_));
    ASSERT_EQ(pieces_.size(), size);
    ASSERT_LE(pieces_.iovecs().size(), Pieces::kMaxCount);
  }
}

TEST_F(GatherTest, PiecesHoldTheirMappingsUntilTheyAreCleared) {
  directory_.write("a.npy", npy_bytes({.shape = {100}}));
  auto whole = std::make_optional(whole_file_view(open(SourceIo::kMmap)));
  ASSERT_TRUE(gather(*whole, 0, 928, pieces_));
  const std::weak_ptr<const Mapping> mapping = *whole->segments.front().file->window(0);
  whole.reset();
  ASSERT_FALSE(mapping.expired());
  EXPECT_EQ(std::memcmp(pieces_.iovecs()[0].iov_base, "\x93NUMPY", 6), 0);
  pieces_.clear();
  EXPECT_TRUE(mapping.expired());
  EXPECT_EQ(pieces_.size(), 0u);
}

}  // namespace
}  // namespace npyfs
