// Access control lists as the kernel takes and gives them.
#pragma once

#include <sys/xattr.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace npyfs {

struct AclEntry {
  std::uint16_t tag;  // ACL_USER_OBJ, ...
  std::uint16_t permissions;
  std::uint32_t id = 0xFFFFFFFF;
};

inline std::vector<std::byte> acl_bytes(const std::vector<AclEntry>& entries) {
  std::vector<std::byte> bytes;
  const auto add = [&](std::uint32_t number, int size) {
    for (int i = 0; i < size; ++i) bytes.push_back(static_cast<std::byte>(number >> (8 * i)));
  };
  add(2, 4);
  for (const auto& entry : entries) {
    add(entry.tag, 2);
    add(entry.permissions, 2);
    add(entry.id, 4);
  }
  return bytes;
}

// False where the filesystem has no such lists.
inline bool set_acl(const std::string& path, const std::vector<AclEntry>& entries) {
  const auto bytes = acl_bytes(entries);
  return ::setxattr(path.c_str(), "system.posix_acl_access", bytes.data(), bytes.size(), 0) == 0;
}

}  // namespace npyfs
