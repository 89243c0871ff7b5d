#include "core/array/attributes.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/support/parse_path.h"

namespace npyfs {
namespace {

constexpr dev_t kRootDevice = 7;

struct stat source_of_mode(mode_t mode) {
  struct stat source = {};
  source.st_dev = kRootDevice;
  source.st_ino = 42;
  source.st_mode = mode;
  source.st_uid = 1000;
  source.st_gid = 1001;
  source.st_nlink = 3;
  source.st_size = 12345;
  source.st_atim = {1, 2};
  source.st_mtim = {3, 4};
  source.st_ctim = {5, 6};
  return source;
}

TEST(Attributes, FilesCanBeReadByWhoCouldReadTheSource) {
  const std::vector<std::pair<mode_t, mode_t>> cases = {
      {0100644, 0100444}, {0100600, 0100400}, {0100755, 0100444}, {0100000, 0100000},
      {0107777, 0100444}, {0100222, 0100000}, {0100066, 0100044},
  };
  for (const auto& [mode, expected] : cases) {
    EXPECT_EQ(file_attributes(source_of_mode(mode), 1, 0, Access::kRead).st_mode, expected) << std::oct << mode;
  }
}

TEST(Attributes, FilesForWritingCanBeWrittenByWhoCouldWriteTheSource) {
  const std::vector<std::pair<mode_t, mode_t>> cases = {
      {0100644, 0100644}, {0100600, 0100600}, {0100755, 0100644}, {0100000, 0100000}, {0107777, 0100666},
  };
  for (const auto& [mode, expected] : cases) {
    EXPECT_EQ(file_attributes(source_of_mode(mode), 1, 0, Access::kReadAndWrite).st_mode, expected) << std::oct << mode;
  }
}

TEST(Attributes, DirectoriesCanBeEnteredByWhoCouldReadTheSource) {
  const std::vector<std::pair<mode_t, mode_t>> cases = {
      {0040755, 0040555}, {0040700, 0040500}, {0041777, 0040555}, {0040711, 0040511}, {0040000, 0040000},
      {0100644, 0040555}, {0100640, 0040550}, {0100600, 0040500}, {0100711, 0040500}, {0100200, 0040000},
  };
  for (const auto& [mode, expected] : cases) {
    EXPECT_EQ(directory_attributes(source_of_mode(mode), 1).st_mode, expected) << std::oct << mode;
  }
}

TEST(Attributes, OthersKeepTheirKind) {
  const std::vector<std::pair<mode_t, mode_t>> cases = {
      {0120777, 0120777}, {0010644, 0010444}, {0140755, 0140444}, {0020666, 0020444}, {0060660, 0060440},
  };
  for (const auto& [mode, expected] : cases) {
    EXPECT_EQ(other_attributes(source_of_mode(mode), 1).st_mode, expected) << std::oct << mode;
  }
  auto device = source_of_mode(S_IFCHR | 0666);
  device.st_rdev = 0x103;
  EXPECT_EQ(other_attributes(device, 1).st_rdev, device.st_rdev);
  EXPECT_EQ(other_attributes(source_of_mode(S_IFLNK | 0777), 1).st_size, 12345);
}

TEST(Attributes, HaveTimesOwnerAndOneLink) {
  const auto source = source_of_mode(0100644);
  for (const auto& made : {file_attributes(source, 99, 10, Access::kRead), directory_attributes(source, 99),
                           other_attributes(source, 99)}) {
    EXPECT_EQ(made.st_ino, 99u);
    EXPECT_EQ(made.st_nlink, 1u);
    EXPECT_EQ(made.st_uid, 1000u);
    EXPECT_EQ(made.st_gid, 1001u);
    EXPECT_EQ(made.st_atim.tv_sec, 1);
    EXPECT_EQ(made.st_mtim.tv_sec, 3);
    EXPECT_EQ(made.st_mtim.tv_nsec, 4);
    EXPECT_EQ(made.st_ctim.tv_sec, 5);
    EXPECT_GT(made.st_blksize, 0);
  }
}

TEST(Attributes, BlocksCoverTheSizeOrTarTakesTheFileForAHole) {
  for (const std::uint64_t size : {0ull, 1ull, 511ull, 512ull, 513ull, 4096ull, 1ull << 45, (1ull << 63) - 1}) {
    const auto made = file_attributes(source_of_mode(0100644), 1, size, Access::kRead);
    EXPECT_EQ(static_cast<std::uint64_t>(made.st_size), size);
    const auto blocks = static_cast<std::uint64_t>(made.st_blocks);
    EXPECT_EQ(blocks, size / 512 + (size % 512 != 0)) << size;
  }
}

TEST(Attributes, MirroredInodesAreTheSourcesOwnOnItsFilesystem) {
  auto source = source_of_mode(0100644);
  EXPECT_EQ(mirrored_inode(source, kRootDevice), 42u);
  source.st_dev = 8;
  const ino_t elsewhere = mirrored_inode(source, kRootDevice);
  EXPECT_NE(elsewhere, 42u);
  source.st_dev = 9;
  EXPECT_NE(mirrored_inode(source, kRootDevice), elsewhere);
}

constexpr const char* kAbsolutePath = "/data/a.npy";

TEST(Attributes, MirroredInodesBelow2To52AreKeptAndOthersMadeAboveThem) {
  constexpr ino_t kMade = ino_t{1} << 52;
  auto source = source_of_mode(0100644);
  source.st_ino = kMade - 1;
  EXPECT_EQ(mirrored_inode(source, kRootDevice), kMade - 1);
  for (const ino_t inode : {kMade, kMade + 1, kMade * 2, ~ino_t{0}}) {
    source.st_ino = inode;
    const ino_t made = mirrored_inode(source, kRootDevice);
    EXPECT_GE(made, kMade) << inode;
    EXPECT_LT(made, 2 * kMade) << inode;
  }
}

TEST(Attributes, VirtualInodesDifferByPathAndSource) {
  std::set<ino_t> inodes;
  std::vector<VirtualPath> paths;
  for (const char* path : {"source.npy", "info.json", "error.txt", "chunks", "slices", "batches", "items", "index",
                           "fields", "axis0", "axis1", "axis1/chunks", "chunks/4", "chunks/5", "batches/4"}) {
    paths.push_back({.name = *parse_path(path)});
  }
  for (const char* selection : {"", "one", "two"}) {
    for (const Form form : {Form::kNpy, Form::kBin, Form::kArray}) {
      const VirtualName name{.kind = NameKind::kChunk, .form = form, .first = 1, .second = 4};
      paths.push_back({.name = name, .selection = selection});
    }
    paths.push_back({.name = {.kind = NameKind::kItems, .axis = 1}, .selection = selection, .depth = 1});
  }
  paths.push_back({.name = {.kind = NameKind::kChunks}, .spelling = 1});  // chunks/ spelled in another way
  auto source = source_of_mode(0100644);
  for (const ino_t inode : {ino_t{42}, ino_t{43}}) {
    source.st_ino = inode;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      const ino_t made = virtual_inode(source, kRootDevice, paths[i], kAbsolutePath);
      EXPECT_TRUE(inodes.insert(made).second) << i;
      EXPECT_GE(made, ino_t{1} << 52) << "no source has it";
      EXPECT_LT(made, ino_t{1} << 53) << "JavaScript keeps it in a double";
    }
  }
}

TEST(Attributes, InodesAreTheSameAfterARemountAndForEveryNameOfAView) {
  auto source = source_of_mode(0100644);
  const auto inode = [&](const char* path, const char* selection, dev_t root) {
    return virtual_inode(source, root, {.name = *parse_path(path), .selection = selection}, kAbsolutePath);
  };
  const ino_t chunk = inode("chunks/3_of_16.npy", "bytes", kRootDevice);
  EXPECT_EQ(inode("chunks/16/03_of_16.npy", "bytes", kRootDevice), chunk);
  EXPECT_EQ(inode("axis0/chunks/3_of_016.npy", "bytes", kRootDevice), chunk);
  EXPECT_EQ(inode("items/0/index/3:7.npy", "bytes", kRootDevice), chunk);
  EXPECT_NE(inode("chunks/3_of_16.bin", "bytes", kRootDevice), chunk);
  source.st_dev = 70;  // another number at the next boot
  EXPECT_EQ(inode("chunks/3_of_16.npy", "bytes", 70), chunk);
  source.st_size = 1;
  source.st_mtim = {9, 9};
  EXPECT_EQ(inode("chunks/3_of_16.npy", "bytes", 70), chunk);
}

// They say where their source is, and it may have two names.
TEST(Attributes, TextsThatNameTheirSourceDifferByItsName) {
  const auto source = source_of_mode(0100644);
  for (const auto& [path, differs] : std::vector<std::pair<std::string, bool>>{
           {"info.json", true}, {"error.txt", true}, {"source.npy", false}, {"chunks/0_of_1.npy", false}}) {
    const VirtualPath of{.name = *parse_path(path)};
    const ino_t first = virtual_inode(source, kRootDevice, of, kAbsolutePath);
    EXPECT_EQ(virtual_inode(source, kRootDevice, of, "/data/link.npy") != first, differs) << path;
  }
}

TEST(Attributes, AnArraysDirectoryHasTheInodeOfItsSource) {
  EXPECT_EQ(virtual_inode(source_of_mode(0100644), kRootDevice, {}, kAbsolutePath), 42u);
}

TEST(Attributes, ControlInodesDiffer) {
  std::set<ino_t> inodes;
  for (std::uint64_t i = 0; i < 10; ++i) EXPECT_TRUE(inodes.insert(control_inode(i)).second);
}

}  // namespace
}  // namespace npyfs
