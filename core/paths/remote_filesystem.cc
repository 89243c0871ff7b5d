#include "core/paths/remote_filesystem.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <optional>

namespace npyfs {
namespace {

struct Filesystem {
  std::string_view type;
  std::uint32_t magic;
  Storage storage = Storage::kLocal;
};

// Remote filesystems are not listed: what is not here is remote. So nothing goes wrong but speed where a filesystem is
// missing: on remote ones npyfs reads with pread instead of a mapping, sets no inotify watches, and never follows the
// source onto a new mount. A FUSE filesystem asks another process, "fuseblk" (ntfs-3g) too.
// The numbers come from linux/magic.h and, written out, from the filesystems' own sources.
constexpr auto kFilesystems = std::to_array<Filesystem>({
    {"bcachefs", 0xCA451A4E},
    {"btrfs", BTRFS_SUPER_MAGIC},
    {"erofs", EROFS_SUPER_MAGIC_V1},
    {"exfat", EXFAT_SUPER_MAGIC},
    {"ext2", EXT2_SUPER_MAGIC},
    {"ext3", EXT3_SUPER_MAGIC},
    {"ext4", EXT4_SUPER_MAGIC},
    {"f2fs", F2FS_SUPER_MAGIC},
    {"hfsplus", 0x482B},
    {"iso9660", ISOFS_SUPER_MAGIC},
    {"jfs", 0x3153464A},
    {"msdos", MSDOS_SUPER_MAGIC},
    {"nilfs2", NILFS_SUPER_MAGIC},
    {"ntfs3", 0x7366746E},
    {"overlay", OVERLAYFS_SUPER_MAGIC, Storage::kStacked},
    {"ramfs", RAMFS_MAGIC},
    {"reiserfs", REISERFS_SUPER_MAGIC},
    {"squashfs", SQUASHFS_MAGIC},
    {"tmpfs", TMPFS_MAGIC},
    {"ubifs", 0x24051905},
    {"udf", UDF_SUPER_MAGIC},
    {"vfat", MSDOS_SUPER_MAGIC},
    {"xfs", XFS_SUPER_MAGIC},
    {"zfs", 0x2FC12FC1},
});

template <typename T>
Storage storage_of(T Filesystem::* column, T value) {
  const auto found = std::ranges::find(kFilesystems, value, column);
  return found == kFilesystems.end() ? Storage::kRemote : found->storage;
}

std::optional<std::uint32_t> magic_of(int fd) {
  struct statfs filesystem;
  if (::fstatfs(fd, &filesystem) != 0) return std::nullopt;
  return static_cast<std::uint32_t>(filesystem.f_type);
}

}  // namespace

Storage storage_of_magic(std::uint32_t magic) {
  return storage_of(&Filesystem::magic, magic);
}

Storage storage_of_type(std::string_view type) {
  return storage_of(&Filesystem::type, type);
}

bool is_remote(int fd) {
  const auto magic = magic_of(fd);
  return !magic || storage_of_magic(*magic) == Storage::kRemote;
}

bool is_local(int fd) {
  const auto magic = magic_of(fd);
  return magic && storage_of_magic(*magic) == Storage::kLocal;
}

bool mappings_show_writes(int fd) {
  return magic_of(fd) != OVERLAYFS_SUPER_MAGIC;
}

}  // namespace npyfs
