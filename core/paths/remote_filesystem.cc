#include "core/paths/remote_filesystem.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace npyfs {
namespace {

// Numbers from statfs(2) and, for the last three, from the filesystems' own sources (Lustre, GPFS, GFS2 has cluster
// locks).
constexpr std::array<std::uint64_t, 11> kRemote = {
    NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, CIFS_SUPER_MAGIC, SMB2_SUPER_MAGIC, FUSE_SUPER_MAGIC, CEPH_SUPER_MAGIC,
    V9FS_MAGIC,      AFS_SUPER_MAGIC, 0x0BD00BD0,       0x47504653,       0x01161970,
};

constexpr auto kLocal = std::to_array<std::string_view>({
    "bcachefs", "btrfs",   "erofs", "exfat", "ext2",   "ext3",  "ext4",  "f2fs",
    "hfsplus",  "iso9660", "jfs",   "msdos", "nilfs2", "ntfs3", "ramfs", "reiserfs",
    "squashfs", "tmpfs",   "udf",   "ubifs", "vfat",   "xfs",   "zfs",
});

}  // namespace

bool is_remote(int fd) {
  struct statfs filesystem;
  if (::fstatfs(fd, &filesystem) != 0) return true;
  return std::ranges::find(kRemote, static_cast<std::uint32_t>(filesystem.f_type)) != kRemote.end();
}

bool mappings_show_writes(int fd) {
  struct statfs filesystem;
  return ::fstatfs(fd, &filesystem) != 0 || static_cast<std::uint32_t>(filesystem.f_type) != OVERLAYFS_SUPER_MAGIC;
}

bool is_local(std::string_view type) {
  return std::ranges::find(kLocal, type) != kLocal.end();
}

}  // namespace npyfs
