// Checks and prepares MOUNTPOINT before the mount.
#pragma once

#include <string>

#include "core/base/error.h"
#include "core/paths/source_root.h"
#include "fs/log/log.h"

namespace npyfs {

// Prepares `mountpoint` and returns its absolute path without symbolic links, as mount(2) and /proc/mounts have it. A
// relative path could not be unmounted later, because going to the background changes the working directory.
//
// Unmounts what a killed npyfs has left there. kInvalidArgument where the mountpoint lies inside the source: reading
// the source would then send requests to the daemon that reads it, a deadlock. The source itself is fine. Logs a notice
// where the mount hides files or another npyfs.
Result<std::string> prepare_mountpoint(const std::string& mountpoint, const SourceRoot& source);

// Unmounts every npyfs at `mountpoint` whose daemon is gone, and logs a line of `level` for each. An error where
// something else is dead there, or cannot be unmounted.
Result<void> clear_dead_mounts(const std::string& mountpoint, LogLevel level = LogLevel::kNotice);

// Unmounts what is mounted at `mountpoint`. False if it is in use, or cannot be unmounted for another reason.
bool unmount_unless_busy(const std::string& mountpoint);

// The device number of the filesystem mounted at `mountpoint`, without a request to it: it need not be served yet. 0
// where the kernel does not tell, or where it is no directory (/dev/fd/N).
dev_t device_of_mount(const std::string& mountpoint);

}  // namespace npyfs
