#include "core/array/attributes.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

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

TEST(Attributes, PlaceInodesDifferByPlaceAndSource) {
  std::set<ino_t> inodes;
  const std::vector<Place> places = {
      {PlaceKind::kSource},
      {PlaceKind::kInfo},
      {PlaceKind::kError},
      {PlaceKind::kChunks},
      {PlaceKind::kSlices},
      {PlaceKind::kAxis, Form::kNpy, 0},
      {PlaceKind::kAxis, Form::kNpy, 1},
      {PlaceKind::kAxisChunks, Form::kNpy, 1},
      {PlaceKind::kChunksOf, Form::kNpy, 0, 0, 0, 4},
      {PlaceKind::kChunksOf, Form::kNpy, 0, 0, 0, 5},
      {PlaceKind::kChunk, Form::kNpy, 0, 0, 1, 4},
      {PlaceKind::kChunk, Form::kBin, 0, 0, 1, 4},
      {PlaceKind::kChunk, Form::kNpy, 0, 0, 2, 4},
      {PlaceKind::kChunk, Form::kNpy, 1, 0, 1, 4},
      {PlaceKind::kSlice, Form::kNpy, 0, 0, 1, 4},
  };
  auto source = source_of_mode(0100644);
  for (const ino_t inode : {ino_t{42}, ino_t{43}}) {
    source.st_ino = inode;
    for (const Place& place : places) {
      const ino_t made = place_inode(source, kRootDevice, place);
      EXPECT_TRUE(inodes.insert(made).second) << format_path(place);
      EXPECT_LT(made, ino_t{1} << 63) << "programs keep it in signed integers";
    }
  }
}

TEST(Attributes, InodesAreTheSameAfterARemountAndForEveryNameOfAPlace) {
  auto source = source_of_mode(0100644);
  const auto inode = [&](const char* path, dev_t root) { return place_inode(source, root, *parse_place(path)); };
  const ino_t chunk = inode("chunks/3_of_16.npy", kRootDevice);
  EXPECT_EQ(inode("chunks/16/03_of_16.npy", kRootDevice), chunk);
  EXPECT_EQ(inode("axis0/chunks/3_of_016.npy", kRootDevice), chunk);
  EXPECT_EQ(inode("axis01/slices/0_to_1.npy", kRootDevice), inode("axis1/slices/0_to_1.npy", kRootDevice));
  source.st_dev = 70;  // another number at the next boot
  EXPECT_EQ(inode("chunks/3_of_16.npy", 70), chunk);
  source.st_size = 1;
  source.st_mtim = {9, 9};
  EXPECT_EQ(inode("chunks/3_of_16.npy", 70), chunk);
}

TEST(Attributes, ControlInodesDiffer) {
  std::set<ino_t> inodes;
  for (std::uint64_t i = 0; i < 10; ++i) EXPECT_TRUE(inodes.insert(control_inode(i)).second);
}

}  // namespace
}  // namespace npyfs
