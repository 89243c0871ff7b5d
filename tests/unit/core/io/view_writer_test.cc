#include "core/io/view_writer.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/array/npy_file.h"
#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/sliced_array.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

class ViewWriterTest : public testing::Test {
 protected:
  ViewWriterTest() : root_(*SourceRoot::open(directory_.path(), Symlinks::kWithinRoot, Users::kOwner)) {}

  void open(const TestArray& array, std::string_view trailing = "") {
    directory_.write("a.npy", npy_bytes(array) + std::string(trailing));
    const auto file = NpyFile::open(root_, "a.npy", SourceIo::kPread, mappings_, WrittenHere::kYes);
    ASSERT_TRUE(file && (*file)->array());
    array_ = *(*file)->array();
  }
  Result<std::unique_ptr<const ViewWriter>> writer_of(const VirtualName& name) const {
    return ViewWriter::open(root_, view_of(*array_, name), "chunk 1 of 3", "chunks/1_of_3.bin");
  }
  std::unique_ptr<const ViewWriter> writer(const VirtualName& name) const {
    auto opened = writer_of(name);
    if (!opened) ADD_FAILURE() << to_message(opened.error());
    return std::move(*opened);
  }
  static Result<void> write(const ViewWriter& writer, std::uint64_t offset, std::string_view bytes) {
    return writer.write(offset, std::as_bytes(std::span(bytes)));
  }

  const TempDirectory directory_;
  const SourceRoot root_;
  const std::shared_ptr<MappingCache> mappings_ = std::make_shared<MappingCache>(std::size_t{1} << 30, 8);
  std::shared_ptr<const Array> array_;
};

const VirtualName kSecondOfThree = chunk_name(0, 1, 3);

// A byte of a file that no view of it may touch is a guard.
TEST_F(ViewWriterTest, ChangesItsRowsAndNoOtherByte) {
  const std::vector<TestArray> arrays = {
      {"'|u1'", 1, false, {5}},          {"'<f8'", 8, false, {7, 3}},   {"'<f8'", 8, true, {7, 3}},
      {"'|V3'", 3, false, {4, 3, 5, 2}}, {"'|V3'", 3, true, {4, 3, 5}}, {"'<i2'", 2, false, {2500, 3}},
  };
  for (const auto& array : arrays) {
    for (std::uint8_t axis = 0; axis < array.shape.size(); ++axis) {
      for (const Form form : {Form::kNpy, Form::kBin}) {
        open(array, "trailing bytes");
        const std::string before = directory_.read("a.npy");
        const VirtualName name = chunk_name(axis, 1, 3, form);
        const auto chunk = writer(name);
        const std::string body(chunk->view().body_size(), '\x5a');
        const std::string file = chunk->view().header + body;
        std::mt19937 random(axis);
        for (std::size_t offset = 0; offset < file.size();) {
          const std::size_t size = std::min<std::size_t>(1 + random() % 60, file.size() - offset);
          const auto written = write(*chunk, offset, file.substr(offset, size));
          ASSERT_TRUE(written) << to_message(written.error());
          offset += size;
        }
        std::string expected = before;
        const RowRange rows = array_split(array.shape[axis], 1, 3);
        for (const std::uint64_t position : slice_positions(array, axis, rows)) {
          expected[array_->parts[0].geometry.offset + position] = '\x5a';
        }
        ASSERT_EQ(directory_.read("a.npy"), expected) << array.descr << " axis " << int{axis};
      }
    }
  }
}

TEST_F(ViewWriterTest, RefusesEveryByteBeyondTheEnd) {
  open({.shape = {9}});
  const std::string before = directory_.read("a.npy");
  const auto chunk = writer(kSecondOfThree);
  for (const std::uint64_t offset :
       {chunk->view().size(), chunk->view().size() - 1, std::uint64_t{1} << 62, ~std::uint64_t{0}}) {
    const auto written = write(*chunk, offset, "xy");
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().kind, ErrorKind::kBeyondEnd);
  }
  EXPECT_EQ(directory_.read("a.npy"), before);
}

TEST_F(ViewWriterTest, RefusesAnotherHeaderWithBothInASentence) {
  open({.shape = {9, 2}});
  const std::string before = directory_.read("a.npy");
  const auto chunk = writer(kSecondOfThree);
  const std::vector<std::uint64_t> shape = {2, 2};
  const auto written = write(*chunk, 0, format_npy_header("'<f4'", false, shape) + std::string(16, 'x'));
  ASSERT_FALSE(written);
  EXPECT_EQ(to_errno(written.error()), EINVAL);
  EXPECT_EQ(written.error().sentence, "chunk 1 of 3 is (3, 2) '<f8', the header written says (2, 2) '<f4'");
  const auto fortran = write(*chunk, 0, format_npy_header("'<f8'", true, std::vector<std::uint64_t>{3, 2}));
  EXPECT_EQ(fortran.error().sentence,
            "chunk 1 of 3 is (3, 2) '<f8', the header written says (3, 2) '<f8' in Fortran order");
  for (const std::uint64_t offset : {0u, 5u, 127u}) {
    const auto noise = write(*chunk, offset, "?and some of the body");
    ASSERT_FALSE(noise);
    EXPECT_EQ(noise.error().sentence,
              "chunk 1 of 3 is (3, 2) '<f8', and what was written into its header is no such header");
  }
  EXPECT_EQ(directory_.read("a.npy"), before);
}

TEST_F(ViewWriterTest, TakesAHeaderOfTheSameSizeThatSaysTheSame) {
  open({.shape = {9, 2}});
  const auto chunk = writer(kSecondOfThree);
  std::string header = chunk->view().header;
  const std::string numpys = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }";
  const std::string other = "{\"shape\":(3,2),'fortran_order':False,'descr':'<f8'}";
  ASSERT_EQ(header.find(numpys), 10u);
  header.replace(10, numpys.size(), other + std::string(numpys.size() - other.size(), ' '));
  ASSERT_TRUE(write(*chunk, 0, header + "12345678"));
  EXPECT_EQ(directory_.read("a.npy").substr(128 + 48, 8), "12345678");
  EXPECT_EQ(directory_.read("a.npy").find(other), std::string::npos);
}

TEST_F(ViewWriterTest, RefusesAHeaderOfAnotherSizeThatSaysTheSameAndNamesTheTwin) {
  open({.shape = {9, 2}});
  const std::string before = directory_.read("a.npy");
  const auto chunk = writer(kSecondOfThree);
  std::string header = chunk->view().header.substr(0, 79) + "\n";
  header[8] = 70;
  const auto refused = write(*chunk, 0, header + std::string(48, 'x'));
  ASSERT_FALSE(refused);
  EXPECT_EQ(to_errno(refused.error()), EINVAL);
  EXPECT_EQ(refused.error().sentence,
            "chunk 1 of 3 is (3, 2) '<f8'; the header written says so in 80 bytes instead of 128: write the body into "
            "chunks/1_of_3.bin");
  EXPECT_EQ(directory_.read("a.npy"), before);
}

TEST_F(ViewWriterTest, SaysOfWhatIsNoHeaderThatItIsNone) {
  open({.shape = {9, 2}});
  const auto chunk = writer(kSecondOfThree);
  const std::string header = chunk->view().header;
  std::string without_order = header;
  without_order.replace(without_order.find("fortran"), 7, "FORTRAN");
  for (const std::string& written : {header.substr(0, 90) + "?", without_order}) {
    const auto refused = write(*chunk, 0, written);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().sentence,
              "chunk 1 of 3 is (3, 2) '<f8', and what was written into its header is no such header");
  }
}

// A limit that the source meets between two runs.
TEST_F(ViewWriterTest, AWriteThatFailsHalfwayIsItsWritersError) {
  open({.shape = {1000, 2}});
  const auto column = writer(slice_name(1, 0, 1, Form::kBin));
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit limit = {.rlim_cur = 8192, .rlim_max = before.rlim_max};
  const auto ignored = ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto written = write(*column, 0, std::string(8000, 'x'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, ignored);
  ASSERT_FALSE(written);
  EXPECT_EQ(to_errno(written.error()), EFBIG);
  const std::string file = directory_.read("a.npy");
  EXPECT_EQ(file.substr(128, 8), "xxxxxxxx");
  EXPECT_EQ(file.substr(15'000), npy_bytes({.shape = {1000, 2}}).substr(15'000));
}

TEST_F(ViewWriterTest, NeverMakesATruncatedFileLongerAgain) {
  open({.shape = {9}});
  const auto chunk = writer(kSecondOfThree);
  directory_.truncate("a.npy", 140);
  const auto written = write(*chunk, 128, "12345678");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kTruncated);
  EXPECT_EQ(to_errno(written.error()), EIO);
  EXPECT_EQ(directory_.size("a.npy"), 140u);
}

TEST_F(ViewWriterTest, RefusesAFileThatNobodyWouldFind) {
  open({.shape = {9}});
  const auto chunk = writer(kSecondOfThree);
  directory_.replace("a.npy", npy_bytes({.shape = {9}}));
  const std::string replacement = directory_.read("a.npy");
  const auto written = write(*chunk, 128, "12345678");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kStale);
  EXPECT_EQ(directory_.read("a.npy"), replacement);
}

TEST_F(ViewWriterTest, RefusesAFileWithAnotherHeader) {
  open({.shape = {9}});
  const auto chunk = writer(kSecondOfThree);
  directory_.overwrite("a.npy", 0, npy_header_bytes({.descr = "'<i8'", .shape = {9}}));
  const std::string rewritten = directory_.read("a.npy");
  const auto written = write(*chunk, 128, "12345678");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kStale);
  EXPECT_EQ(directory_.read("a.npy"), rewritten);
}

TEST_F(ViewWriterTest, OpensNothingThatTookTheNameMeanwhile) {
  open({.shape = {9}});
  directory_.replace("a.npy", npy_bytes({.shape = {9}}));
  const auto chunk = writer_of(kSecondOfThree);
  ASSERT_FALSE(chunk);
  EXPECT_EQ(chunk.error().kind, ErrorKind::kStale);
}

TEST_F(ViewWriterTest, SyncsWhatItWrote) {
  open({.shape = {9}});
  const auto chunk = writer(kSecondOfThree);
  ASSERT_TRUE(write(*chunk, 128, "12345678"));
  EXPECT_TRUE(chunk->sync());
  EXPECT_TRUE(chunk->flush());
  EXPECT_EQ(chunk->path(), "a.npy");
  EXPECT_EQ(chunk->description(), "chunk 1 of 3");
}

// Rows backwards, columns with a step, an axis less and one more: item (i, j) of the array is i * 6 + j.
TEST_F(ViewWriterTest, WritesEachByteOfAnyIndexWhereItIsRead) {
  const std::vector<std::pair<const char*, std::vector<std::uint64_t>>> cases = {
      {"::-1,1::2", {19, 21, 23, 13, 15, 17, 7, 9, 11, 1, 3, 5}},
      {"2", {12, 13, 14, 15, 16, 17}},
      {"1:3,None,5", {11, 17}},
      {"3,::-5", {23, 18}},
      {"0,0", {0}},
      {":0", {}},
  };
  for (const auto& [expression, items] : cases) {
    open({"'|u1'", 1, false, {4, 6}});
    std::string expected = directory_.read("a.npy");
    auto opened =
        ViewWriter::open(root_, make_view(*array_, indexed(*array_, expression), Form::kBin), expression, expression);
    ASSERT_TRUE(opened);
    ASSERT_EQ((*opened)->view().size(), items.size()) << expression;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::string byte(1, static_cast<char>('a' + i));
      ASSERT_TRUE(write(**opened, i, byte)) << expression;
      expected[128 + items[i]] = byte[0];
    }
    EXPECT_EQ(directory_.read("a.npy"), expected) << expression;
  }
}

// The bytes of source.npy: all of its header are fixed, and guard it.
TEST_F(ViewWriterTest, WritesBytesOfAViewThatHoldsTheWholeFile) {
  open({.shape = {9}});
  const std::string before = directory_.read("a.npy");
  View view = text_view(before.substr(0, 128));
  const ArrayPart& part = array_->parts[0];
  view.segments.push_back({part.file, part.guard, Runs(Extent{128, 72})});
  const auto whole = ViewWriter::open(root_, std::move(view), "source.npy", "chunks/0_of_1.bin").value();
  ASSERT_TRUE(write(*whole, 0, before));
  ASSERT_TRUE(write(*whole, 126, before.substr(126, 2) + "rows"));
  EXPECT_EQ(directory_.read("a.npy"), before.substr(0, 128) + "rows" + before.substr(132));
  EXPECT_FALSE(write(*whole, 127, "x"));
}

}  // namespace
}  // namespace npyfs
