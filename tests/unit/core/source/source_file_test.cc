#include "core/source/source_file.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/support/later_clock.h"
#include "tests/unit/support/mapped_writer.h"
#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/short_reads.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

class SourceFileTest : public testing::Test {
 protected:
  SourceFileTest() : root_(*SourceRoot::open(directory_.path(), LeavingLinks::kAreLinks, Users::kOwner)) {}

  Result<std::shared_ptr<const SourceFile>> open(const std::string& name, SourceRole role = SourceRole::kArray,
                                                 SourceIo io = SourceIo::kMmap) const {
    return SourceFile::open(root_, name, role, io, mappings_);
  }

  const TempDirectory directory_;
  const SourceRoot root_;
  const std::shared_ptr<MappingCache> mappings_ = std::make_shared<MappingCache>(std::size_t{1} << 30, 8);
};

TEST_F(SourceFileTest, ReadsTheHeader) {
  directory_.write("dir/a.npy", npy_bytes({"'<i4'", 4, true, {3, 5}}));
  const auto file = open("dir/a.npy");
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->header());
  EXPECT_EQ((*file)->header()->descr, "'<i4'");
  EXPECT_EQ((*file)->header()->shape, (std::vector<std::uint64_t>{3, 5}));
  EXPECT_TRUE((*file)->header()->fortran_order);
  EXPECT_TRUE((*file)->sliceable());
  EXPECT_EQ((*file)->size(), 128u + 60);
  EXPECT_EQ((*file)->path(), "dir/a.npy");
  FileVersion version = (*file)->version();
  EXPECT_NE(version.header, 0u);
  version.header = 0;
  EXPECT_EQ(version, FileVersion::of(stat_of(directory_.path("dir/a.npy"))));
}

TEST_F(SourceFileTest, ReadsAHeaderThatIsLongerThanTheFirstRead) {
  std::string fields = "[";
  for (int i = 0; i < 400; ++i) fields += "('field" + std::to_string(i) + "', '<i2'), ";
  fields.resize(fields.size() - 2);
  const TestArray array{fields + "]", 800, false, {4}};
  ASSERT_GT(npy_header_bytes(array).size(), 8000u);
  directory_.write("a.npy", npy_bytes(array));
  const auto file = open("a.npy");
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->sliceable()) << to_message((*file)->sliceable().error());
  EXPECT_EQ((*file)->header()->itemsize, 800u);
  EXPECT_EQ((*file)->header()->data_offset, npy_header_bytes(array).size());
}

TEST_F(SourceFileTest, SaysWhyAnArrayHasNoSlices) {
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
    ASSERT_FALSE((*file)->sliceable());
    const Error& error = (*file)->sliceable().error();
    EXPECT_EQ(error.kind, kind) << to_message(error);
    EXPECT_EQ(error.subject, "bad.npy");
    EXPECT_NE(error.sentence.find(part), std::string::npos) << to_message(error);
  }
}

TEST_F(SourceFileTest, NamesWhatIsMissingAndWhatWasExpected) {
  directory_.write("bad.npy", npy_bytes({.shape = {100}}).substr(0, 528));
  const auto file = open("bad.npy");
  ASSERT_TRUE(file);
  EXPECT_EQ(to_message((*file)->sliceable().error()),
            "bad.npy: the header promises 800 bytes of data (shape (100,), descr '<f8'), the file holds 400");
}

TEST_F(SourceFileTest, OpensOtherFilesWithoutLookingIntoThem) {
  directory_.write("notes.txt", "hello");
  const auto file = open("notes.txt", SourceRole::kFile);
  ASSERT_TRUE(file);
  EXPECT_EQ((*file)->size(), 5u);
  EXPECT_FALSE(open("missing", SourceRole::kFile));
  directory_.make_directory("directory");
  EXPECT_EQ(open("directory", SourceRole::kFile).error().kind, ErrorKind::kNotFound);
}

TEST_F(SourceFileTest, ReadsExactlyOrSaysWhereTheFileEnds) {
  directory_.write("a", pattern_bytes(1000));
  const auto file = open("a", SourceRole::kFile, SourceIo::kPread);
  ASSERT_TRUE(file);
  EXPECT_FALSE((*file)->is_mapped());
  std::string bytes(300, '\0');
  auto* out = reinterpret_cast<std::byte*>(bytes.data());
  ASSERT_TRUE((*file)->read_exactly(out, 300, 700));
  EXPECT_EQ(bytes, pattern_bytes(1000).substr(700));
  EXPECT_TRUE((*file)->read_exactly(out, 0, 1000));
  const auto beyond = (*file)->read_exactly(out, 300, 701);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().kind, ErrorKind::kTruncated);
  EXPECT_EQ(beyond.error().sentence, "ends at 1000 bytes; 1001 are needed");
}

TEST_F(SourceFileTest, NoticesThatTheFileHasBecomeShorter) {
  directory_.write("a", pattern_bytes(1000));
  const auto file = open("a", SourceRole::kFile);
  ASSERT_TRUE((*file)->check_still_holds({0, 1000}));
  directory_.truncate("a", 600);
  EXPECT_TRUE((*file)->check_still_holds({100, 500}));
  const auto shorter = (*file)->check_still_holds({100, 501});
  ASSERT_FALSE(shorter);
  EXPECT_EQ(shorter.error().kind, ErrorKind::kTruncated);
  EXPECT_EQ((*file)->size(), 1000u) << "what was found at opening is pinned";
}

TEST_F(SourceFileTest, TimesThatHaveJustMovedDoNotVouchForItsHeader) {
  const auto bytes = npy_bytes({.shape = {4}});
  directory_.write("a.npy", bytes);
  MappedWriter writer(directory_.path("a.npy"));
  const auto file = open("a.npy");
  EXPECT_TRUE((*file)->has_racy_header());
  EXPECT_TRUE((*file)->check_still_holds({128, 32}));
  EXPECT_TRUE((*file)->has_racy_header());
  writer.store(0, npy_bytes({.descr = "'<u8'", .shape = {4}}));
  EXPECT_EQ(FileVersion::of(stat_of(directory_.path("a.npy"))), FileVersion::of((*file)->status()));
  EXPECT_EQ((*file)->check_still_holds({128, 32}).error().kind, ErrorKind::kStale);
  EXPECT_NE((*open("a.npy"))->version(), (*file)->version());
}

TEST_F(SourceFileTest, AHeaderIsNotReadAgainOnceItsTimesLieBack) {
  directory_.write("a.npy", npy_bytes({.shape = {4}}));
  const auto young = open("a.npy");
  const LaterClock later;
  const auto old = open("a.npy");
  EXPECT_FALSE((*old)->has_racy_header());
  EXPECT_TRUE((*young)->has_racy_header());
  {
    const ShortReads reads;
    EXPECT_TRUE((*old)->check_still_holds({128, 32}));
    EXPECT_EQ(reads.calls(), 0);
    EXPECT_TRUE((*young)->check_still_holds({128, 32}));
    EXPECT_GT(reads.calls(), 0);
  }
  EXPECT_FALSE((*young)->has_racy_header()) << "it was compared at a time at which they lay back";
  const ShortReads reads;
  EXPECT_TRUE((*young)->check_still_holds({128, 32}));
  EXPECT_EQ(reads.calls(), 0);
}

TEST_F(SourceFileTest, NoticesThatItsHeaderSaysSomethingElse) {
  const auto bytes = npy_bytes({.shape = {4}});
  directory_.write("a.npy", bytes);
  const auto file = open("a.npy");
  const Extent body = {bytes.size() - 16, 16};
  directory_.write("a.npy", bytes + "more");
  EXPECT_TRUE((*file)->check_still_holds(body)) << "the same header";
  directory_.write("a.npy", npy_bytes({.shape = {5}}));
  EXPECT_TRUE((*file)->check_still_holds(body)) << "longer, and its rows lie where they lay";
  EXPECT_EQ((*file)->check_still_holds({0, bytes.size()}).error().kind, ErrorKind::kStale) << "but its header does not";
  directory_.write("a.npy", npy_bytes({.shape = {3}}) + pattern_bytes(100));
  const auto fewer = (*file)->check_still_holds(body);
  ASSERT_FALSE(fewer);
  EXPECT_EQ(fewer.error().kind, ErrorKind::kStale);
  EXPECT_EQ(fewer.error().sentence, "has another header than when it was opened");
  directory_.write("a.npy", pattern_bytes(bytes.size() + 1));
  EXPECT_EQ((*file)->check_still_holds(body).error().kind, ErrorKind::kStale);
}

TEST_F(SourceFileTest, KeepsTheFileThatItOpened) {
  directory_.write("a.npy", npy_bytes({.shape = {4}}));
  const auto file = open("a.npy");
  directory_.replace("a.npy", "something else");
  EXPECT_TRUE((*file)->check_still_holds({0, (*file)->size()}));
  std::string magic(6, '\0');
  ASSERT_TRUE((*file)->read_exactly(reinterpret_cast<std::byte*>(magic.data()), 6, 0));
  EXPECT_EQ(magic, "\x93NUMPY");
  EXPECT_NE((*file)->version(), FileVersion::of(stat_of(directory_.path("a.npy"))));
}

TEST_F(SourceFileTest, MapsWhereFaultsAreCheapUnlessToldOtherwise) {
  directory_.write("a", "1234");
  EXPECT_TRUE((*open("a", SourceRole::kFile, SourceIo::kMmap))->is_mapped());
  EXPECT_FALSE((*open("a", SourceRole::kFile, SourceIo::kPread))->is_mapped());
  if (std::filesystem::exists("/dev/shm")) {
    const TempDirectory memory("/dev/shm");
    memory.write("a", "1234");
    const auto root = SourceRoot::open(memory.path(), LeavingLinks::kAreLinks, Users::kOwner);
    EXPECT_TRUE((*SourceFile::open(*root, "a", SourceRole::kFile, SourceIo::kAuto, mappings_))->is_mapped());
  }
}

TEST_F(SourceFileTest, ItsMappingsGoWithIt) {
  directory_.write("a", "1234");
  auto file = open("a", SourceRole::kFile);
  const auto window = (*file)->window(0);
  ASSERT_TRUE(window);
  EXPECT_EQ((*window)->size(), 4u);
  EXPECT_EQ(mappings_->count(), 1u);
  const std::size_t open_before = open_descriptors();
  file->reset();
  EXPECT_EQ(mappings_->count(), 0u);
  EXPECT_EQ(open_descriptors(), open_before - 1);
}

TEST_F(SourceFileTest, ReadsThatAreInterruptedOrShortAreContinued) {
  const TestArray array{"'<f8'", 8, false, {40, 30}};
  directory_.write("a.npy", npy_bytes(array));
  const ShortReads shortened;
  const auto file = open("a.npy");
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->sliceable()) << to_message((*file)->sliceable().error());
  std::string bytes((*file)->size(), '\0');
  ASSERT_TRUE((*file)->read_exactly(reinterpret_cast<std::byte*>(bytes.data()), bytes.size(), 0));
  EXPECT_EQ(bytes, npy_bytes(array));
  EXPECT_GT(shortened.calls(), 1000);
}

}  // namespace
}  // namespace npyfs
