// A fresh directory to mount at, for a command that is given no MOUNTPOINT.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace npyfs {

// Makes an empty directory npyfs-PID-XXXXXX, mode 0700, in $TMPDIR or /tmp; PID is this process. Returns its absolute
// path. Whoever calls this removes the directory with remove_private_mountpoint.
Result<std::string> make_private_mountpoint();

// Removes the directory, if it is still there. Nothing may be mounted there any more.
void remove_private_mountpoint(const std::string& path);

// The process that make_private_mountpoint has made `path` for; nullopt for other paths.
std::optional<pid_t> maker_of_mountpoint(std::string_view path);

// Unmounts and removes the private mountpoints of this user whose npyfs and daemon were killed together, as a scheduler
// kills all processes of a step: no process was left to do it. Those that it cannot unmount stay.
void clear_left_mountpoints();

}  // namespace npyfs
