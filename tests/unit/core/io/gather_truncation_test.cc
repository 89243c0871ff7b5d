#include <string>
#include <vector>

#include "tests/unit/support/gather_fixture.h"
#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/sliced_array.h"

namespace npyfs {
namespace {

class GatherTruncationTest : public GatherTest {
 protected:
  // What the kernel gets of the pieces of an earlier gather(); empty if it cannot read them.
  std::string sent() const {
    const UniqueFd sink(::memfd_create("reply", MFD_CLOEXEC));
    const auto iovecs = pieces_.iovecs();
    const ssize_t written = ::writev(sink.get(), iovecs.data(), static_cast<int>(iovecs.size()));
    if (written != static_cast<ssize_t>(pieces_.size())) return "";
    std::string bytes(pieces_.size(), '\0');
    EXPECT_EQ(::pread(sink.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    return bytes;
  }
};

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kHeader = 128;

struct Case {
  std::vector<std::uint64_t> shape;
  int axis;
  std::vector<Extent> ranges;  // of a view of all but the last row of this axis
};

// Contiguous rows, and runs of two pages, of one, and of less, which begin within a page.
const Case kCases[] = {
    {{5 * kPage + 1},
     0,
     {{0, 5 * kPage},
      {0, 1},
      {0, 100},
      {kPage - kHeader, kPage},
      {kPage - kHeader, kPage + 1},
      {kPage - kHeader - 1, kPage + 1},
      {100, 3 * kPage},
      {3 * kPage, 2 * kPage},
      {50, 2000}}},
    {{4, 2, 2 * kPage}, 1, {{0, 8 * kPage}, {0, 2 * kPage + 10}, {kPage, 3 * kPage}, {kPage + 1, 3 * kPage + 200}}},
    {{5, 2, kPage}, 1, {{0, 5 * kPage}, {100, 3 * kPage}}},
    {{6, 2, 3000}, 1, {{0, 18'000}, {2000, 10'000}}},
    {{6, 2, 2048}, 1, {{0, 12'288}, {0, 3 * 2048}, {1000, 8000}}},
    {{24, 2, 1024}, 1, {{0, 24'576}, {1000, 8000}}},
};

TEST_F(GatherTruncationTest, WhatWasGatheredIsSentWithoutZerosOfATruncationOrRefused) {
  int refused = 0;
  for (const auto& [shape, axis, ranges] : kCases) {
    const TestArray array{"'|u1'", 1, false, shape};
    std::string content = npy_header_bytes(array);
    ASSERT_EQ(content.size(), kHeader);
    content.resize(kHeader + array.data_size(), 'x');
    for (const auto& range : ranges) {
      for (std::uint64_t size = 0; size < content.size(); size += size % kPage < 2 ? 1 : 797) {
        directory_.write("a.npy", content);
        const auto source = open_array(SourceIo::kMmap);
        const auto axis_number = static_cast<std::uint8_t>(axis);
        const auto view = view_of(*source, slice_name(axis_number, 0, shape[axis_number] - 1, Form::kBin));
        ASSERT_TRUE(gather(view, range.offset, range.size, pieces_));
        directory_.truncate("a.npy", size);
        const std::string bytes = sent();
        refused += bytes.empty() ? 1 : 0;
        EXPECT_TRUE(bytes.empty() || bytes == std::string(range.size, 'x')) << range.offset << " " << size;
      }
    }
  }
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace npyfs
