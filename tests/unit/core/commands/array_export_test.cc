#include "core/commands/array_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include "core/npy/npy_header.h"
#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

using testing::HasSubstr;

const Copied kGoOn = [](std::uint64_t) { return true; };

class ArrayExportTest : public testing::Test {
 protected:
  void source(const TestArray& array) { directory_.write("data.npy", npy_bytes(array)); }
  std::string out() const { return directory_.path("out"); }
  Result<void> run(std::uint64_t axis, std::uint64_t sections, const Copied& copied = kGoOn) const {
    const auto chunks = ArrayExport::open_chunks(directory_.path("data.npy"), axis, sections);
    if (!chunks) return std::unexpected(chunks.error());
    return chunks->write(out(), copied);
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(out())) found.push_back(entry.path().filename());
    std::ranges::sort(found);
    return found;
  }
  bool only_source_is_left() const { return directory_.entries() == 1; }

  const TempDirectory directory_;
};

// The plain model: bytes found index by index, headers by the formatter that is compared with numpy elsewhere.
TEST_F(ArrayExportTest, EveryChunkHasTheBytesOfItsRows) {
  for (const bool fortran_order : {false, true}) {
    const TestArray array{"'<i4'", 4, fortran_order, {7, 5, 3}};
    source(array);
    const std::string data = pattern_bytes(array.data_size());
    for (std::uint64_t axis = 0; axis < 3; ++axis) {
      for (const std::uint64_t sections : {1u, 2u, 12u}) {
        ASSERT_TRUE(run(axis, sections));
        ASSERT_EQ(names().size(), sections);
        for (std::uint64_t i = 0; i < sections; ++i) {
          const RowRange rows = array_split(array.shape[axis], i, sections);
          auto shape = array.shape;
          shape[axis] = rows.size();
          const std::string header =
              format_npy_header(array.descr, fortran_order && is_fortran_contiguous_only(shape), shape);
          ASSERT_EQ(directory_.read("out/" + names()[i]), header + slice_bytes(array, data, axis, rows))
              << (fortran_order ? "F" : "C") << " axis " << axis << ", " << names()[i];
        }
        std::filesystem::remove_all(out());
      }
    }
  }
}

TEST_F(ArrayExportTest, NamesAreThoseOfListings) {
  source({.shape = {3}});
  ASSERT_TRUE(run(0, 11));
  EXPECT_EQ(names().front(), "00_of_11.npy");
  EXPECT_EQ(names().back(), "10_of_11.npy");
}

TEST_F(ArrayExportTest, TellsEveryByteOnce) {
  source({.shape = {1 << 20, 1}});  // 8 MiB
  for (const std::uint64_t sections : {1u, 5u}) {
    std::uint64_t told = 0;
    ASSERT_TRUE(run(0, sections, [&](std::uint64_t bytes) {
      told += bytes;
      return true;
    }));
    EXPECT_EQ(told, *ArrayExport::open_chunks(directory_.path("data.npy"), 0, sections)->size());
    std::filesystem::remove_all(out());
  }
}

TEST_F(ArrayExportTest, NothingIsLeftWhereItIsStopped) {
  source({.shape = {1000}});
  for (int calls_until_stop = 0; calls_until_stop < 8; ++calls_until_stop) {
    int calls = 0;
    const auto stopped = run(0, 4, [&](std::uint64_t) { return calls++ < calls_until_stop; });
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().os_error, EINTR);
    EXPECT_TRUE(only_source_is_left());
  }
}

TEST_F(ArrayExportTest, ASourceThatChangesIsNoSource) {
  source({.shape = {1000}});
  int calls = 0;
  const auto changed = run(0, 4, [&](std::uint64_t) {
    if (++calls == 3) source({.descr = "'<i8'", .shape = {1000}});
    return true;
  });
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().kind, ErrorKind::kStale);
  EXPECT_TRUE(only_source_is_left());
}

TEST_F(ArrayExportTest, ASourceThatIsTruncatedIsNeverZeros) {
  source({.shape = {1000}});
  int calls = 0;
  const auto cut = run(0, 4, [&](std::uint64_t) {
    if (++calls == 3) directory_.truncate("data.npy", 1000);
    return true;
  });
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().kind, ErrorKind::kTruncated);
  EXPECT_TRUE(only_source_is_left());
}

TEST_F(ArrayExportTest, RefusesWhatHasNoChunks) {
  source({.shape = {4, 2}});
  const auto no_axis = run(2, 4);
  ASSERT_FALSE(no_axis);
  EXPECT_EQ(no_axis.error().kind, ErrorKind::kInvalidArgument);
  EXPECT_THAT(no_axis.error().sentence, HasSubstr("has no axis 2: it has 2 dimensions"));
  source({.shape = {}});
  EXPECT_EQ(run(0, 4).error().kind, ErrorKind::kNotSliceable);
  directory_.write("data.npy", "no array");
  EXPECT_EQ(run(0, 4).error().kind, ErrorKind::kMalformed);
  std::filesystem::remove(directory_.path("data.npy"));
  EXPECT_EQ(run(0, 4).error().os_error, ENOENT);
}

TEST_F(ArrayExportTest, NeverOverwrites) {
  source({.shape = {4, 2}});
  directory_.make_directory("out");
  EXPECT_EQ(run(0, 4).error().os_error, EEXIST);
  EXPECT_TRUE(std::filesystem::is_empty(out()));
}

}  // namespace
}  // namespace npyfs
