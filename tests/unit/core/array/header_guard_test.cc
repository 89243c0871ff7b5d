#include "core/array/header_guard.h"

#include <gtest/gtest.h>

#include <string>

#include "core/array/npy_file.h"
#include "tests/unit/support/later_clock.h"
#include "tests/unit/support/mapped_writer.h"
#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/short_reads.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

class HeaderGuardTest : public testing::Test {
 protected:
  HeaderGuardTest() : root_(*SourceRoot::open(directory_.path(), Symlinks::kWithinRoot, Users::kOwner)) {}

  // The file "a.npy".
  std::shared_ptr<const NpyFile> open() const {
    return NpyFile::open(root_, "a.npy", SourceIo::kMmap, mappings_, WrittenHere::kNo).value();
  }
  static Result<void> check(const NpyFile& file, Extent bytes) {
    const auto now = file.file()->check_size(bytes);
    return now ? file.guard()->check(*now, bytes) : std::unexpected(now.error());
  }

  const TempDirectory directory_;
  const SourceRoot root_;
  const std::shared_ptr<MappingCache> mappings_ = std::make_shared<MappingCache>(std::size_t{1} << 30, 8);
};

TEST_F(HeaderGuardTest, TimesThatHaveJustMovedDoNotVouchForItsHeader) {
  const auto bytes = npy_bytes({.shape = {4}});
  directory_.write("a.npy", bytes);
  MappedWriter writer(directory_.path("a.npy"));
  const auto file = open();
  EXPECT_TRUE(file->guard()->is_racy());
  EXPECT_TRUE(check(*file, {128, 32}));
  EXPECT_TRUE(file->guard()->is_racy());
  writer.store(0, npy_bytes({.descr = "'<u8'", .shape = {4}}));
  EXPECT_EQ(FileVersion::of(stat_of(directory_.path("a.npy"))), FileVersion::of(file->file()->status()));
  EXPECT_EQ(check(*file, {128, 32}).error().kind, ErrorKind::kStale);
  EXPECT_NE(open()->version(), file->version());
}

TEST_F(HeaderGuardTest, AHeaderIsNotReadAgainOnceItsTimesLieBack) {
  directory_.write("a.npy", npy_bytes({.shape = {4}}));
  const auto young = open();
  const LaterClock later;
  const auto old = open();
  EXPECT_FALSE(old->guard()->is_racy());
  EXPECT_TRUE(young->guard()->is_racy());
  {
    const ShortReads reads;
    EXPECT_TRUE(check(*old, {128, 32}));
    EXPECT_EQ(reads.calls(), 0);
    EXPECT_TRUE(check(*young, {128, 32}));
    EXPECT_GT(reads.calls(), 0);
  }
  EXPECT_FALSE(young->guard()->is_racy()) << "it was compared at a time at which they lay back";
  const ShortReads reads;
  EXPECT_TRUE(check(*young, {128, 32}));
  EXPECT_EQ(reads.calls(), 0);
}

TEST_F(HeaderGuardTest, NoticesThatItsHeaderSaysSomethingElse) {
  const auto bytes = npy_bytes({.shape = {4}});
  directory_.write("a.npy", bytes);
  const auto file = open();
  const Extent body = {bytes.size() - 16, 16};
  directory_.write("a.npy", bytes + "more");
  EXPECT_TRUE(check(*file, body)) << "the same header";
  directory_.write("a.npy", npy_bytes({.shape = {5}}));
  EXPECT_TRUE(check(*file, body)) << "longer, and its rows lie where they lay";
  EXPECT_EQ(check(*file, {0, bytes.size()}).error().kind, ErrorKind::kStale) << "but its header does not";
  directory_.write("a.npy", npy_bytes({.shape = {3}}) + pattern_bytes(100));
  const auto fewer = check(*file, body);
  ASSERT_FALSE(fewer);
  EXPECT_EQ(fewer.error().kind, ErrorKind::kStale);
  EXPECT_EQ(fewer.error().sentence, "has another header than when it was opened");
  directory_.write("a.npy", pattern_bytes(bytes.size() + 1));
  EXPECT_EQ(check(*file, body).error().kind, ErrorKind::kStale);
}

// The bytes of source.npy are what they are, whatever they mean: a file that is no array has no header to compare.
TEST_F(HeaderGuardTest, OfWhatIsNoHeaderFindsNothingWrong) {
  directory_.write("a.npy", pattern_bytes(1000));
  const auto file = open();
  directory_.write("a.npy", pattern_bytes(1001).substr(1));
  EXPECT_TRUE(check(*file, {0, 1000}));
  EXPECT_EQ(file->guard()->check().error().kind, ErrorKind::kStale) << "unless it is asked for";
}

TEST_F(HeaderGuardTest, HashesTheHeaderAlone) {
  directory_.write("a.npy", npy_bytes({.shape = {4}}));
  const auto hash = open()->guard()->hash();
  directory_.write("a.npy", npy_header_bytes({.shape = {4}}) + std::string(32, 'x'));
  EXPECT_EQ(open()->guard()->hash(), hash);
  directory_.write("a.npy", npy_bytes({.descr = "'<u8'", .shape = {4}}));
  EXPECT_NE(open()->guard()->hash(), hash);
}

}  // namespace
}  // namespace npyfs
