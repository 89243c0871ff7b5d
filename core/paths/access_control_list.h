// POSIX access control lists (acl(5)), as far as mode bits can say what they say.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace npyfs {

// The access control list of the file or directory that is open at `fd`, which O_PATH will do for; empty where there is
// none, or its filesystem has none. It is the value of system.posix_acl_access. `path` is for messages.
Result<std::vector<std::byte>> access_control_list(int fd, const std::string& path);

// `mode` less what the list does not grant to everybody whom the mode alone would grant it: where a file has a list,
// the group bits of its mode are the list's mask, and those for others go to people, too, to whom an entry of their own
// grants less. Whether such a one is in the group is not known here, so the group gets no more than the least of the
// people named. Someone to whom the list grants more than that is denied it; the owner gets what the mode says. Of a
// list that cannot be understood, the owner alone gets anything. An empty list takes nothing away.
mode_t mode_within(std::span<const std::byte> list, mode_t mode);

}  // namespace npyfs
