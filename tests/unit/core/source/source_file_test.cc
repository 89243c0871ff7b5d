#include "core/source/source_file.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/short_reads.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

class SourceFileTest : public testing::Test {
 protected:
  SourceFileTest() : root_(*SourceRoot::open(directory_.path(), Symlinks::kWithinRoot, Users::kOwner)) {}

  Result<std::shared_ptr<const SourceFile>> open(const std::string& name, SourceIo io = SourceIo::kMmap) const {
    return SourceFile::open(root_, name, io, mappings_);
  }

  const TempDirectory directory_;
  const SourceRoot root_;
  const std::shared_ptr<MappingCache> mappings_ = std::make_shared<MappingCache>(std::size_t{1} << 30, 8);
};

TEST_F(SourceFileTest, OpensRegularFilesAlone) {
  directory_.write("notes.txt", "hello");
  const auto file = open("notes.txt");
  ASSERT_TRUE(file);
  EXPECT_EQ((*file)->size(), 5u);
  EXPECT_EQ((*file)->path(), "notes.txt");
  EXPECT_EQ((*file)->version(), FileVersion::of(stat_of(directory_.path("notes.txt"))));
  EXPECT_FALSE(open("missing"));
  directory_.make_directory("directory");
  EXPECT_EQ(open("directory").error().kind, ErrorKind::kNotFound);
}

TEST_F(SourceFileTest, ReadsExactlyOrSaysWhereTheFileEnds) {
  directory_.write("a", pattern_bytes(1000));
  const auto file = open("a", SourceIo::kPread);
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
  const auto file = open("a");
  ASSERT_TRUE((*file)->check_size({0, 1000}));
  directory_.truncate("a", 600);
  EXPECT_TRUE((*file)->check_size({100, 500}));
  const auto shorter = (*file)->check_size({100, 501});
  ASSERT_FALSE(shorter);
  EXPECT_EQ(shorter.error().kind, ErrorKind::kTruncated);
  EXPECT_EQ((*file)->size(), 1000u) << "what was found at opening is pinned";
}

TEST_F(SourceFileTest, KeepsTheFileThatItOpened) {
  directory_.write("a.npy", npy_bytes({.shape = {4}}));
  const auto file = open("a.npy");
  directory_.replace("a.npy", "something else");
  EXPECT_TRUE((*file)->check_size({0, (*file)->size()}));
  std::string magic(6, '\0');
  ASSERT_TRUE((*file)->read_exactly(reinterpret_cast<std::byte*>(magic.data()), 6, 0));
  EXPECT_EQ(magic, "\x93NUMPY");
  EXPECT_NE((*file)->version(), FileVersion::of(stat_of(directory_.path("a.npy"))));
}

TEST_F(SourceFileTest, MapsWhereFaultsAreCheapUnlessToldOtherwise) {
  directory_.write("a", "1234");
  EXPECT_TRUE((*open("a", SourceIo::kMmap))->is_mapped());
  EXPECT_FALSE((*open("a", SourceIo::kPread))->is_mapped());
  if (std::filesystem::exists("/dev/shm")) {
    const TempDirectory memory("/dev/shm");
    memory.write("a", "1234");
    const auto root = SourceRoot::open(memory.path(), Symlinks::kWithinRoot, Users::kOwner);
    EXPECT_TRUE((*SourceFile::open(*root, "a", SourceIo::kAuto, mappings_))->is_mapped());
  }
}

TEST_F(SourceFileTest, ItsMappingsGoWithIt) {
  directory_.write("a", "1234");
  auto file = open("a");
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
  std::string bytes((*file)->size(), '\0');
  ASSERT_TRUE((*file)->read_exactly(reinterpret_cast<std::byte*>(bytes.data()), bytes.size(), 0));
  EXPECT_EQ(bytes, npy_bytes(array));
  EXPECT_GT(shortened.calls(), 1000);
}

}  // namespace
}  // namespace npyfs
