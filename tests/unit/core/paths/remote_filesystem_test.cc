#include "core/paths/remote_filesystem.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/magic.h>

#include <utility>
#include <vector>

#include "core/base/unique_fd.h"

namespace npyfs {
namespace {

UniqueFd opened(const char* path) {
  return UniqueFd(::open(path, O_PATH | O_CLOEXEC));
}

TEST(RemoteFilesystem, BothQuestionsHaveTheSameAnswer) {
  const std::vector<std::pair<const char*, std::uint32_t>> local = {
      {"ext4", EXT4_SUPER_MAGIC}, {"xfs", XFS_SUPER_MAGIC}, {"btrfs", BTRFS_SUPER_MAGIC}, {"tmpfs", TMPFS_MAGIC},
      {"ramfs", RAMFS_MAGIC},     {"zfs", 0x2FC12FC1},      {"bcachefs", 0xCA451A4E},     {"vfat", MSDOS_SUPER_MAGIC},
      {"f2fs", F2FS_SUPER_MAGIC}, {"ntfs3", 0x7366746E},
  };
  for (const auto& [type, magic] : local) {
    EXPECT_EQ(storage_of_type(type), Storage::kLocal) << type;
    EXPECT_EQ(storage_of_magic(magic), Storage::kLocal) << type;
  }
  const std::vector<std::pair<const char*, std::uint32_t>> remote = {
      {"nfs", NFS_SUPER_MAGIC},      {"nfs4", NFS_SUPER_MAGIC},      {"cifs", CIFS_SUPER_MAGIC},
      {"smb3", SMB2_SUPER_MAGIC},    {"ceph", CEPH_SUPER_MAGIC},     {"9p", V9FS_MAGIC},
      {"afs", AFS_SUPER_MAGIC},      {"fuse", FUSE_SUPER_MAGIC},     {"fuse.sshfs", FUSE_SUPER_MAGIC},
      {"fuseblk", FUSE_SUPER_MAGIC}, {"virtiofs", FUSE_SUPER_MAGIC}, {"lustre", 0x0BD00BD0},
      {"gpfs", 0x47504653},          {"gfs2", 0x01161970},
  };
  for (const auto& [type, magic] : remote) {
    EXPECT_EQ(storage_of_type(type), Storage::kRemote) << type;
    EXPECT_EQ(storage_of_magic(magic), Storage::kRemote) << type;
  }
}

TEST(RemoteFilesystem, WhatIsNotKnownIsRemote) {
  EXPECT_EQ(storage_of_type("beegfs"), Storage::kRemote);
  EXPECT_EQ(storage_of_magic(0x19830326), Storage::kRemote) << "BeeGFS";
  EXPECT_EQ(storage_of_magic(0), Storage::kRemote);
  EXPECT_EQ(storage_of_type(""), Storage::kRemote);
  EXPECT_EQ(storage_of_type("ext"), Storage::kRemote);
}

TEST(RemoteFilesystem, OverlaysAreNeitherLocalNorRemote) {
  EXPECT_EQ(storage_of_type("overlay"), Storage::kStacked);
  EXPECT_EQ(storage_of_magic(OVERLAYFS_SUPER_MAGIC), Storage::kStacked);
}

TEST(RemoteFilesystem, ADescriptorIsAsItsFilesystem) {
  EXPECT_FALSE(is_remote(opened("/dev/shm").get())) << "tmpfs";
  EXPECT_TRUE(mappings_show_writes(opened("/dev/shm").get()));
  EXPECT_TRUE(is_remote(opened("/proc").get())) << "no filesystem for data, so not in the table";
  EXPECT_TRUE(is_local(opened("/dev/shm").get()));
  EXPECT_FALSE(is_local(opened("/proc").get()));
  EXPECT_TRUE(is_remote(-1));
  EXPECT_FALSE(is_local(-1));
  EXPECT_TRUE(mappings_show_writes(-1));
}

}  // namespace
}  // namespace npyfs
