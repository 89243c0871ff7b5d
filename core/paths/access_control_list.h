// POSIX access control lists (acl(5)), reduced to mode bits.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace npyfs {

// The access control list of the file or directory open at `fd`, as the value of the extended attribute
// system.posix_acl_access. Empty if there is none, or the filesystem does not support lists. `fd` may be opened with
// O_PATH. Errors are kSystem with the errno of getxattr(2); `path` is their subject.
Result<std::vector<std::byte>> access_control_list(int fd, const std::string& path);

// What is left of `mode`, so that a check of the mode alone never grants more than the list does. It may grant less.
//
// If a file has a list, the group bits of its mode are the list's mask, and the bits for others would also apply to
// users and groups that have an entry of their own with fewer permissions. Therefore
// - the owner keeps what the mode says;
// - the group gets what its entry, the mask and every entry of a named user grant: a named user may be in the group,
//   which cannot be known here;
// - others get what their entry and, within the mask, every entry of a named user or group grant.
// A malformed list leaves permissions to the owner alone; an empty list changes nothing.
mode_t mode_within(std::span<const std::byte> list, mode_t mode);

}  // namespace npyfs
