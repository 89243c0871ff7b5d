// Gathering of views that are no slices along one axis.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "core/io/gather.h"
#include "tests/unit/support/gather_fixture.h"
#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/sliced_array.h"

namespace npyfs {
namespace {

using GatherViewsTest = GatherTest;

// Views of several levels and backwards, in runs of every distance: against the items one by one.
TEST_F(GatherViewsTest, EveryIndexGivesTheBytesOfItsItems) {
  struct Axis {
    std::uint64_t start;
    std::uint64_t count;
    std::int64_t step;
  };
  struct Case {
    const char* expression;
    TestArray array;  // in C order
    Axis axes[3];
  };
  const std::vector<Case> cases = {
      {"::-1,3:20:2,1:4", {"'<i2'", 2, false, {40, 30, 20}}, {{39, 40, -1}, {3, 9, 2}, {1, 3, 1}}},
      {"::2,5:9,::-1", {"'|V3'", 3, false, {50, 12, 30}}, {{0, 25, 2}, {5, 4, 1}, {29, 30, -1}}},
      {"::9,::-7,100:200", {"'|u1'", 1, false, {90, 40, 500}}, {{0, 10, 9}, {39, 6, -7}, {100, 100, 1}}},
      {"::-1,:,:", {"'<f8'", 8, false, {300, 7, 5}}, {{299, 300, -1}, {0, 7, 1}, {0, 5, 1}}},
      {":,2,::20", {"'|u1'", 1, false, {20, 5, 2000}}, {{0, 20, 1}, {2, 1, 1}, {0, 100, 20}}},
      {"::-1,0,1500", {"'|u1'", 1, false, {1500, 2, 9000}}, {{1499, 1500, -1}, {0, 1, 1}, {1500, 1, 1}}},
  };
  std::mt19937_64 random(2);
  for (const auto& [expression, array, axes] : cases) {
    const std::string data = pattern_bytes(array.data_size());
    directory_.write("a.npy", npy_header_bytes(array) + data);
    std::string body;
    const auto at = [](const Axis& axis, std::uint64_t i) {
      return axis.start + i * static_cast<std::uint64_t>(axis.step);
    };
    for (std::uint64_t i = 0; i < axes[0].count; ++i) {
      for (std::uint64_t j = 0; j < axes[1].count; ++j) {
        for (std::uint64_t k = 0; k < axes[2].count; ++k) {
          const std::uint64_t row = at(axes[0], i) * array.shape[1] + at(axes[1], j);
          body += data.substr((row * array.shape[2] + at(axes[2], k)) * array.itemsize, array.itemsize);
        }
      }
    }
    for (const SourceIo io : {SourceIo::kMmap, SourceIo::kPread}) {
      const auto source = open_array(io);
      const auto view = make_view(*source, indexed(*source, expression), Form::kBin);
      ASSERT_TRUE(read(view, 0, view.size() + 1) == body) << expression;
      for (int i = 0; i < 60; ++i) {
        const std::uint64_t offset = random() % body.size();
        const std::uint64_t size = 1 + random() % ((body.size() >> random() % 12) + 1);
        ASSERT_TRUE(read(view, offset, size) == body.substr(offset, size))
            << expression << " " << offset << "+" << size;
      }
    }
  }
}

// writev(2) takes 1,024 pieces.
TEST_F(GatherViewsTest, ManySegmentsAreFewPieces) {
  const std::string bytes = pattern_bytes(1 << 20);
  directory_.write("a.npy", bytes);
  for (const SourceIo io : {SourceIo::kMmap, SourceIo::kPread}) {
    const auto file = open(io);
    View view = text_view("head");
    std::string expected = "head";
    for (std::uint64_t i = 0; i < 3000; ++i) {
      const Extent extent{i * 300, i % 3 == 0 ? 3u : 1500u};
      view.segments.push_back({file, nullptr, Runs(extent)});
      view.segment_ends.push_back(expected.size() - 4 + extent.size);
      expected += bytes.substr(extent.offset, extent.size);
    }
    EXPECT_TRUE(read(view, 0, view.size()) == expected);
    for (std::uint64_t offset = 0; offset < expected.size(); offset += 77'777) {
      EXPECT_TRUE(read(view, offset, 3000) == expected.substr(offset, 3000)) << offset;
    }
    Pieces pieces;
    ASSERT_TRUE(gather(view, 0, view.size(), pieces));
    EXPECT_LE(pieces.iovecs().size(), Pieces::kMaxCount);
    EXPECT_EQ(pieces.size(), expected.size());
  }
}

TEST_F(GatherViewsTest, SegmentsFollowOneAnother) {
  directory_.write("a.npy", pattern_bytes(5000));
  for (const SourceIo io : {SourceIo::kMmap, SourceIo::kPread}) {
    const auto file = open(io);
    View view = text_view("head");
    view.segments.push_back({file, nullptr, Runs(Extent{4000, 10})});
    view.segments.push_back({file, nullptr, Runs()});
    view.segments.push_back({file, nullptr, Runs(100, 3, 7, 5)});
    std::string expected = "head" + pattern_bytes(5000).substr(4000, 10);
    for (int i = 0; i < 5; ++i) expected += pattern_bytes(5000).substr(static_cast<std::size_t>(100 + 7 * i), 3);
    ASSERT_EQ(view.size(), expected.size());
    for (std::uint64_t offset = 0; offset <= expected.size(); ++offset) {
      for (std::uint64_t size = 0; size <= expected.size() + 1; ++size) {
        ASSERT_EQ(read(view, offset, size), expected.substr(offset, size)) << offset << "+" << size;
      }
    }
  }
}

}  // namespace
}  // namespace npyfs
