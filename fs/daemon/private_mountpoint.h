// A fresh directory to mount at, for a command that is given no MOUNTPOINT.
#pragma once

#include <string>

#include "core/base/error.h"

namespace npyfs {

// Makes an empty directory, mode 0700, in $TMPDIR or /tmp. Returns its absolute path. Whoever calls this removes the
// directory with remove_private_mountpoint.
Result<std::string> make_private_mountpoint();

// Removes the directory, if it is still there. Nothing may be mounted there any more.
void remove_private_mountpoint(const std::string& path);

}  // namespace npyfs
