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

TEST_F(GatherTruncationTest, BytesThatAreGatheredAreNeverZerosOfATruncationThatFollows) {
  constexpr std::uint64_t kPage = 4096;
  constexpr std::uint64_t kHeader = 128;
  const std::string rows(5 * kPage, 'x');
  const std::string content = npy_header_bytes({"'|u1'", 1, false, {rows.size()}}) + rows;
  ASSERT_EQ(content.size(), kHeader + rows.size());
  const auto sizes = [&] {
    std::vector<std::uint64_t> found;
    for (std::uint64_t page = 0; page < content.size(); page += kPage) {
      for (const std::uint64_t within : {0UL, 1UL, 100UL, 129UL, 2000UL, kPage - 1}) found.push_back(page + within);
    }
    return found;
  }();
  const Extent ranges[] = {{0, rows.size()},
                           {0, 1},
                           {0, 100},
                           {kPage - kHeader, kPage},
                           {kPage - kHeader, kPage + 1},
                           {kPage - kHeader - 1, kPage + 1},
                           {100, 3 * kPage},
                           {3 * kPage, 2 * kPage},
                           {50, 2000}};
  int refused = 0;
  for (const auto& range : ranges) {
    for (const std::uint64_t size : sizes) {
      if (size >= content.size()) continue;
      directory_.write("a.npy", content);
      const auto source = open_array(SourceIo::kMmap);
      const auto view = view_of(*source, slice_name(0, 0, rows.size(), Form::kBin));
      ASSERT_TRUE(gather(view, range.offset, range.size, pieces_));
      directory_.truncate("a.npy", size);
      const std::string bytes = sent();
      refused += bytes.empty() ? 1 : 0;
      EXPECT_TRUE(bytes.empty() || bytes == rows.substr(range.offset, range.size)) << range.offset << " " << size;
    }
  }
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace npyfs
