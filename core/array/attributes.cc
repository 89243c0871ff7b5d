#include "core/array/attributes.h"

#include <functional>

#include "core/base/hash.h"

namespace npyfs {
namespace {

constexpr std::uint64_t kBlockSize = 512;  // bytes; the unit of st_blocks, independent of st_blksize: stat(2)
constexpr mode_t kReadBits = S_IRUSR | S_IRGRP | S_IROTH;
constexpr mode_t kWriteBits = S_IWUSR | S_IWGRP | S_IWOTH;
constexpr mode_t kExecuteBits = S_IXUSR | S_IXGRP | S_IXOTH;

constexpr std::uint64_t kMadeInodes = std::uint64_t{1} << 52;  // made inode numbers are in [2^52, 2^53)

ino_t made_inode(std::uint64_t bits) {
  return bits >> 12 | kMadeInodes;
}

struct stat with_times_and_owner(const struct stat& source, ino_t inode) {
  struct stat result = {};
  result.st_ino = inode;
  result.st_nlink = 1;
  result.st_uid = source.st_uid;
  result.st_gid = source.st_gid;
  result.st_atim = source.st_atim;
  result.st_mtim = source.st_mtim;
  result.st_ctim = source.st_ctim;
  result.st_blksize = 4096;
  return result;
}

std::uint64_t source_identity(const struct stat& source, dev_t root_device) {
  // The root's device number is left out, because it may change at a reboot.
  return mix(source.st_dev == root_device ? 0 : source.st_dev, source.st_ino);
}

std::uint64_t member_identity(const struct stat& source, dev_t root_device, std::string_view member) {
  const std::uint64_t identity = source_identity(source, root_device);
  return member.empty() ? identity : mix(identity, std::hash<std::string_view>()(member));
}

}  // namespace

ino_t mirrored_inode(const struct stat& source, dev_t root_device) {
  const bool is_own = source.st_dev == root_device && source.st_ino < kMadeInodes;
  return is_own ? source.st_ino : made_inode(source_identity(source, root_device));
}

bool inode_depends_on_path(NameKind kind) {
  return kind == NameKind::kInfo || kind == NameKind::kError || kind == NameKind::kZarrError;
}

ino_t virtual_inode(const struct stat& source, dev_t root_device, const VirtualPath& path,
                    std::string_view absolute_path, std::string_view member) {
  if (path.name.kind == NameKind::kArray) {
    return member.empty() ? mirrored_inode(source, root_device) : member_inode(source, root_device, member);
  }
  std::uint64_t bits = mix(member_identity(source, root_device, member), path.hash());
  if (inode_depends_on_path(path.name.kind)) bits = mix(bits, std::hash<std::string_view>()(absolute_path));
  return made_inode(bits);
}

ino_t member_inode(const struct stat& archive, dev_t root_device, std::string_view member) {
  return made_inode(member_identity(archive, root_device, member));
}

ino_t control_inode(std::uint64_t index) {
  return made_inode(mix(0x6e70796673 /* "npyfs" */, index));
}

struct stat file_attributes(const struct stat& source, ino_t inode, std::uint64_t size, Access access) {
  struct stat result = with_times_and_owner(source, inode);
  const mode_t kept = access == Access::kRead ? kReadBits : kReadBits | kWriteBits;
  result.st_mode = S_IFREG | (source.st_mode & kept);
  result.st_size = static_cast<off_t>(size);
  result.st_blocks = static_cast<blkcnt_t>(size / kBlockSize + (size % kBlockSize != 0));
  return result;
}

struct stat directory_attributes(const struct stat& source, ino_t inode) {
  struct stat result = with_times_and_owner(source, inode);
  const mode_t readable = source.st_mode & kReadBits;
  result.st_mode = S_IFDIR | readable | (S_ISDIR(source.st_mode) ? source.st_mode & kExecuteBits : readable >> 2);
  return result;
}

struct stat other_attributes(const struct stat& source, ino_t inode) {
  struct stat result = with_times_and_owner(source, inode);
  // The mode of a link has no meaning, and is always shown as 0777.
  result.st_mode = S_ISLNK(source.st_mode) ? source.st_mode : (source.st_mode & S_IFMT) | (source.st_mode & kReadBits);
  result.st_size = source.st_size;
  result.st_rdev = source.st_rdev;
  return result;
}

}  // namespace npyfs
