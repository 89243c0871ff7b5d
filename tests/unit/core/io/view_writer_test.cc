#include "core/io/scatter.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

class ScatterTest : public testing::Test {
 protected:
  ScatterTest() : root_(*SourceRoot::open(directory_.path(), LeavingLinks::kAreLinks, Users::kOwner)) {}

  void open(const TestArray& array, std::string_view trailing = "") {
    directory_.write("a.npy", npy_bytes(array) + std::string(trailing));
    auto file = SourceFile::open(root_, "a.npy", SourceRole::kWrittenArray, SourceIo::kPread, mappings_);
    ASSERT_TRUE(file);
    auto writer = SourceWriter::open(root_, *file);
    ASSERT_TRUE(writer) << to_message(writer.error());
    source_ = *file;
    writer_ = std::move(*writer);
  }
  View view(const Place& place) const { return *make_view(place, *source_->header()); }

  Result<void> write(const View& view, std::uint64_t offset, std::string_view bytes) const {
    return scatter(view, *writer_, offset, std::as_bytes(std::span(bytes)), "chunk 1 of 3");
  }

  const TempDirectory directory_;
  const SourceRoot root_;
  const std::shared_ptr<MappingCache> mappings_ = std::make_shared<MappingCache>(std::size_t{1} << 30, 8);
  std::shared_ptr<const SourceFile> source_;
  std::unique_ptr<const SourceWriter> writer_;
};

constexpr Place kSecondOfThree{PlaceKind::kChunk, Form::kNpy, 0, 0, 1, 3};

// A byte of a file that no view of it may touch is a guard.
TEST_F(ScatterTest, ChangesItsRowsAndNoOtherByte) {
  const std::vector<TestArray> arrays = {
      {"'|u1'", 1, false, {5}},          {"'<f8'", 8, false, {7, 3}},   {"'<f8'", 8, true, {7, 3}},
      {"'|V3'", 3, false, {4, 3, 5, 2}}, {"'|V3'", 3, true, {4, 3, 5}}, {"'<i2'", 2, false, {2500, 3}},
  };
  for (const auto& array : arrays) {
    for (std::uint8_t axis = 0; axis < array.shape.size(); ++axis) {
      for (const Form form : {Form::kNpy, Form::kBin}) {
        open(array, "trailing bytes");
        const std::string before = directory_.read("a.npy");
        const Place place{PlaceKind::kChunk, form, axis, 0, 1, 3};
        const View chunk = view(place);
        const std::string body(chunk.body.size(), '\x5a');
        const std::string file = chunk.header + body;
        std::mt19937 random(axis);
        for (std::size_t offset = 0; offset < file.size();) {
          const std::size_t size = std::min<std::size_t>(1 + random() % 60, file.size() - offset);
          const auto written = write(chunk, offset, file.substr(offset, size));
          ASSERT_TRUE(written) << to_message(written.error());
          offset += size;
        }
        std::string expected = before;
        const RowRange rows = *rows_of(place, *source_->header());
        for (const std::uint64_t position : slice_positions(array, axis, rows)) {
          expected[source_->header()->data_offset + position] = '\x5a';
        }
        ASSERT_EQ(directory_.read("a.npy"), expected) << array.descr << " axis " << int{axis};
      }
    }
  }
}

TEST_F(ScatterTest, RefusesEveryByteBeyondTheEnd) {
  open({.shape = {9}});
  const std::string before = directory_.read("a.npy");
  const View chunk = view(kSecondOfThree);
  for (const std::uint64_t offset : {chunk.size(), chunk.size() - 1, std::uint64_t{1} << 62, ~std::uint64_t{0}}) {
    const auto written = write(chunk, offset, "xy");
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().kind, ErrorKind::kBeyondEnd);
  }
  EXPECT_EQ(directory_.read("a.npy"), before);
}

TEST_F(ScatterTest, RefusesAnotherHeaderWithBothInASentence) {
  open({.shape = {9, 2}});
  const std::string before = directory_.read("a.npy");
  const View chunk = view(kSecondOfThree);
  const std::vector<std::uint64_t> shape = {2, 2};
  const auto written = write(chunk, 0, format_npy_header("'<f4'", false, shape) + std::string(16, 'x'));
  ASSERT_FALSE(written);
  EXPECT_EQ(to_errno(written.error()), EINVAL);
  EXPECT_EQ(written.error().sentence, "chunk 1 of 3 is (3, 2) '<f8', the header written says (2, 2) '<f4'");
  const auto fortran = write(chunk, 0, format_npy_header("'<f8'", true, std::vector<std::uint64_t>{3, 2}));
  EXPECT_EQ(fortran.error().sentence,
            "chunk 1 of 3 is (3, 2) '<f8', the header written says (3, 2) '<f8' in Fortran order");
  for (const std::uint64_t offset : {0u, 5u, 127u}) {
    const auto noise = write(chunk, offset, "?and some of the body");
    ASSERT_FALSE(noise);
    EXPECT_EQ(noise.error().sentence,
              "chunk 1 of 3 is (3, 2) '<f8', and what was written into its header is no such header");
  }
  EXPECT_EQ(directory_.read("a.npy"), before);
}

TEST_F(ScatterTest, SaysOfWhatIsNoHeaderThatItIsNone) {
  open({.shape = {9, 2}});
  const View chunk = view(kSecondOfThree);
  const std::string header = chunk.header;
  std::string same_in_other_words = header;
  same_in_other_words.replace(same_in_other_words.find("False, "), 7, "False  ,");
  same_in_other_words.erase(same_in_other_words.size() - 2, 1);
  std::string without_order = header;
  without_order.replace(without_order.find("fortran"), 7, "FORTRAN");
  for (const std::string& written : {header.substr(0, 90) + "?", same_in_other_words, without_order}) {
    const auto refused = write(chunk, 0, written);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().sentence,
              "chunk 1 of 3 is (3, 2) '<f8', and what was written into its header is no such header");
  }
}

// A limit that the source meets between two runs.
TEST_F(ScatterTest, AWriteThatFailsHalfwayIsItsWritersError) {
  open({.shape = {1000, 2}});
  const View column = view({PlaceKind::kSlice, Form::kBin, 1, 0, 0, 1});
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit limit = {.rlim_cur = 8192, .rlim_max = before.rlim_max};
  const auto ignored = ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto written = write(column, 0, std::string(8000, 'x'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, ignored);
  ASSERT_FALSE(written);
  EXPECT_EQ(to_errno(written.error()), EFBIG);
  const std::string file = directory_.read("a.npy");
  EXPECT_EQ(file.substr(128, 8), "xxxxxxxx");
  EXPECT_EQ(file.substr(15'000), npy_bytes({.shape = {1000, 2}}).substr(15'000));
}

TEST_F(ScatterTest, NeverMakesATruncatedFileLongerAgain) {
  open({.shape = {9}});
  directory_.truncate("a.npy", 140);
  const auto written = write(view(kSecondOfThree), 128, "12345678");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kTruncated);
  EXPECT_EQ(to_errno(written.error()), EIO);
  EXPECT_EQ(directory_.size("a.npy"), 140u);
}

TEST_F(ScatterTest, RefusesAFileThatNobodyWouldFind) {
  open({.shape = {9}});
  directory_.replace("a.npy", npy_bytes({.shape = {9}}));
  const std::string replacement = directory_.read("a.npy");
  const auto written = write(view(kSecondOfThree), 128, "12345678");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kStale);
  EXPECT_EQ(directory_.read("a.npy"), replacement);
}

TEST_F(ScatterTest, RefusesAFileWithAnotherHeader) {
  open({.shape = {9}});
  directory_.overwrite("a.npy", 0, npy_header_bytes({.descr = "'<i8'", .shape = {9}}));
  const std::string rewritten = directory_.read("a.npy");
  const auto written = write(view(kSecondOfThree), 128, "12345678");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kStale);
  EXPECT_EQ(directory_.read("a.npy"), rewritten);
}

TEST_F(ScatterTest, OpensNothingThatTookTheNameMeanwhile) {
  open({.shape = {9}});
  directory_.replace("a.npy", npy_bytes({.shape = {9}}));
  const auto writer = SourceWriter::open(root_, source_);
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().kind, ErrorKind::kStale);
}

TEST_F(ScatterTest, SyncsWhatItWrote) {
  open({.shape = {9}});
  ASSERT_TRUE(write(view(kSecondOfThree), 128, "12345678"));
  EXPECT_TRUE(writer_->sync());
}

}  // namespace
}  // namespace npyfs
