#include "core/paths/access_control_list.h"

#include <endian.h>
#include <fmt/format.h>
#include <linux/limits.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/xattr.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

namespace npyfs {
namespace {

constexpr mode_t kAll = 7;
constexpr mode_t kOwnerAlone = ~mode_t{S_IRWXG | S_IRWXO};
constexpr std::size_t kUsualSize = 512;  // bytes; enough for 63 entries

// What all entries of one kind grant, before the mask is applied.
struct Granted {
  mode_t mask = kAll;
  mode_t group = 0;
  mode_t others = 0;
  mode_t named_users = kAll;
  mode_t named_groups = kAll;
  bool names_somebody = false;

  // False if the tag of the entry is unknown.
  bool add(const posix_acl_xattr_entry& entry) {
    const mode_t granted = le16toh(entry.e_perm) & kAll;
    switch (le16toh(entry.e_tag)) {
      case ACL_USER_OBJ:
        return true;
      case ACL_USER:
        named_users &= granted;
        names_somebody = true;
        return true;
      case ACL_GROUP_OBJ:
        group = granted;
        return true;
      case ACL_GROUP:
        named_groups &= granted;
        names_somebody = true;
        return true;
      case ACL_MASK:
        mask = granted;
        return true;
      case ACL_OTHER:
        others = granted;
        return true;
      default:
        return false;
    }
  }
};

}  // namespace

Result<std::vector<std::byte>> access_control_list(int fd, const std::string& path) {
  // fgetxattr(2) does not work on descriptors opened with O_PATH, but a path in /proc does.
  const auto opened = fmt::format("/proc/self/fd/{}", fd);
  std::vector<std::byte> list(kUsualSize);
  while (true) {
    const ssize_t size = ::getxattr(opened.c_str(), "system.posix_acl_access", list.data(), list.size());
    if (size >= 0) {
      list.resize(static_cast<std::size_t>(size));
      return list;
    }
    if (errno == ENODATA || errno == EOPNOTSUPP) return std::vector<std::byte>();
    if (errno != ERANGE || list.size() == XATTR_SIZE_MAX) {
      // ENOENT means that /proc is not mounted; the file itself is open.
      return std::unexpected(system_error(path, "getxattr", errno == ENOENT ? EIO : errno));
    }
    list.resize(XATTR_SIZE_MAX);
  }
}

mode_t mode_within(std::span<const std::byte> list, mode_t mode) {
  if (list.empty()) return mode;
  posix_acl_xattr_header header;
  if (list.size() < sizeof header) return mode & kOwnerAlone;
  std::memcpy(&header, list.data(), sizeof header);
  list = list.subspan(sizeof header);
  if (le32toh(header.a_version) != POSIX_ACL_XATTR_VERSION) return mode & kOwnerAlone;
  Granted granted;
  for (; !list.empty(); list = list.subspan(sizeof(posix_acl_xattr_entry))) {
    posix_acl_xattr_entry entry;
    if (list.size() < sizeof entry) return mode & kOwnerAlone;
    std::memcpy(&entry, list.data(), sizeof entry);
    if (!granted.add(entry)) return mode & kOwnerAlone;
  }
  const mode_t group = granted.group & granted.named_users & granted.mask;
  // The mask applies to named users and groups and to the owning group, not to others.
  const mode_t named = granted.names_somebody ? granted.named_users & granted.named_groups & granted.mask : kAll;
  const mode_t others = granted.others & named;
  return mode & (kOwnerAlone | group << 3 | others);
}

}  // namespace npyfs
