#include "core/array/npy_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/short_reads.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

class NpyFileTest : public testing::Test {
 protected:
  NpyFileTest() : root_(*SourceRoot::open(directory_.path(), Symlinks::kWithinRoot, Users::kOwner)) {}

  Result<std::shared_ptr<const NpyFile>> open(const std::string& name,
                                              WrittenHere written_here = WrittenHere::kNo) const {
    return NpyFile::open(root_, name, SourceIo::kMmap, mappings_, written_here);
  }

  const TempDirectory directory_;
  const SourceRoot root_;
  const std::shared_ptr<MappingCache> mappings_ = std::make_shared<MappingCache>(std::size_t{1} << 30, 8);
};

TEST_F(NpyFileTest, ReadsTheHeader) {
  directory_.write("dir/a.npy", npy_bytes({"'<i4'", 4, true, {3, 5}}));
  const auto file = open("dir/a.npy");
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->header());
  EXPECT_EQ((*file)->header()->descr, "'<i4'");
  EXPECT_EQ((*file)->header()->shape, (std::vector<std::uint64_t>{3, 5}));
  EXPECT_TRUE((*file)->header()->fortran_order);
  EXPECT_TRUE((*file)->array());
  EXPECT_EQ((*file)->file()->size(), 128u + 60);
  EXPECT_EQ((*file)->file()->path(), "dir/a.npy");
  FileVersion version = (*file)->version();
  EXPECT_NE(version.header, 0u);
  version.header = 0;
  EXPECT_EQ(version, FileVersion::of(stat_of(directory_.path("dir/a.npy"))));
}

TEST_F(NpyFileTest, ReadsAHeaderThatIsLongerThanTheFirstRead) {
  std::string fields = "[";
  for (int i = 0; i < 400; ++i) fields += "('field" + std::to_string(i) + "', '<i2'), ";
  fields.resize(fields.size() - 2);
  const TestArray array{fields + "]", 800, false, {4}};
  ASSERT_GT(npy_header_bytes(array).size(), 8000u);
  directory_.write("a.npy", npy_bytes(array));
  const auto file = open("a.npy");
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->array()) << to_message((*file)->array().error());
  EXPECT_EQ((*file)->header()->itemsize, 800u);
  EXPECT_EQ((*file)->header()->data_offset, npy_header_bytes(array).size());
}

TEST_F(NpyFileTest, SaysWhyAnArrayHasNoSlices) {
  struct Case {
    std::string bytes;
    bool has_header;
    ErrorKind kind;
    std::string part_of_sentence;
  };
  const std::string truncated = npy_bytes({.shape = {100}}).substr(0, 528);
  const std::vector<Case> cases = {
      {"", false, ErrorKind::kMalformed, "empty"},
      {"no array at all", false, ErrorKind::kMalformed, ""},
      {npy_bytes({.shape = {4}}).substr(0, 60), false, ErrorKind::kMalformed, ""},
      {npy_bytes({.shape = {}}), true, ErrorKind::kNotSliceable, "()"},
      {npy_bytes({"'|O'", 8, false, {4}}), true, ErrorKind::kNotSliceable, "objects"},
      {npy_bytes({"'|S0'", 0, false, {4}}), true, ErrorKind::kNotSliceable, "S0"},
      {truncated, true, ErrorKind::kMalformed, "800"},
  };
  for (const auto& [bytes, has_header, kind, part] : cases) {
    directory_.write("bad.npy", bytes);
    const auto file = open("bad.npy");
    ASSERT_TRUE(file) << "it opens all the same";
    EXPECT_EQ((*file)->header().has_value(), has_header);
    ASSERT_FALSE((*file)->array());
    const Error& error = (*file)->array().error();
    EXPECT_EQ(error.kind, kind) << to_message(error);
    EXPECT_EQ(error.subject, "bad.npy");
    EXPECT_NE(error.sentence.find(part), std::string::npos) << to_message(error);
  }
}

TEST_F(NpyFileTest, NamesWhatIsMissingAndWhatWasExpected) {
  directory_.write("bad.npy", npy_bytes({.shape = {100}}).substr(0, 528));
  const auto file = open("bad.npy");
  ASSERT_TRUE(file);
  EXPECT_EQ(to_message((*file)->array().error()),
            "bad.npy: the header promises 800 bytes of data (shape (100,), descr '<f8'), the file holds 400");
}

TEST_F(NpyFileTest, ItsArrayIsWhatTheHeaderSays) {
  const std::string descr = "[('a', '<i4'), ('b', '|S4')]";
  directory_.write("a.npy", npy_bytes({descr, 8, true, {3, 5}}));
  const auto file = open("a.npy");
  ASSERT_TRUE(file && (*file)->array());
  const Array& array = **(*file)->array();
  EXPECT_EQ(array.descr, descr);
  EXPECT_EQ(array.itemsize, 8u);
  EXPECT_EQ(array.fields.size(), 2u);
  EXPECT_EQ(array.shape, (Shape{3, 5}));
  EXPECT_TRUE(array.fortran_order);
  ASSERT_EQ(array.parts.size(), 1u);
  EXPECT_EQ(array.parts[0].file, (*file)->file());
  EXPECT_EQ(array.parts[0].guard, (*file)->guard());
  EXPECT_EQ(array.geometry().offset, (*file)->header()->data_offset);
  EXPECT_EQ(array.geometry().strides, (Strides{8, 24}));
}

// What is written through the mount moves the times of its source with every row.
TEST_F(NpyFileTest, TheTimesOfAnArrayThatIsWrittenHereDoNotCount) {
  directory_.write("a.npy", npy_bytes({.shape = {4}}));
  std::filesystem::last_write_time(directory_.path("a.npy"), {});
  const auto read = open("a.npy");
  const auto written = open("a.npy", WrittenHere::kYes);
  ASSERT_TRUE(read && written);
  const auto before = (*written)->version();
  directory_.overwrite("a.npy", 128, "rows");
  const auto now = stat_of(directory_.path("a.npy"));
  EXPECT_FALSE((*read)->is_version_of(now));
  EXPECT_TRUE((*written)->is_version_of(now));
  EXPECT_NE((*open("a.npy"))->version(), (*read)->version());
  EXPECT_EQ((*open("a.npy", WrittenHere::kYes))->version(), before);
  directory_.write("a.npy", npy_bytes({.shape = {5}}));
  EXPECT_FALSE((*written)->is_version_of(stat_of(directory_.path("a.npy"))));
}

TEST_F(NpyFileTest, ReadsAHeaderInPartsAndAfterInterruptions) {
  directory_.write("a.npy", npy_bytes({.shape = {40, 30}}));
  const ShortReads shortened;
  const auto file = open("a.npy");
  ASSERT_TRUE(file);
  EXPECT_TRUE((*file)->array()) << to_message((*file)->array().error());
  EXPECT_GT(shortened.calls(), 100);
}

TEST_F(NpyFileTest, AFileThatIsNoArrayIsNotUnreadable) {
  directory_.write("a.npy", "no array");
  const auto file = open("a.npy");
  ASSERT_TRUE(file);
  EXPECT_FALSE((*file)->is_unreadable());
  EXPECT_FALSE(open("missing"));
}

}  // namespace
}  // namespace npyfs
