// Symbolic links that are followed wherever they lead (-o follow_symlinks), but into npyfs itself.
#pragma once

#include <sys/types.h>

#include <string>

namespace npyfs {

// How many links a path may lead through, as for the kernel (include/linux/namei.h, MAXSYMLINKS).
inline constexpr int kMaxLinks = 40;

// Whether `name` in the directory open at `directory` is on the filesystem with this device number; what is open there
// where `name` is "". A link itself. Asks no filesystem, and mounts nothing. False where it cannot be found out.
bool is_on_device(int directory, const std::string& name, dev_t device);

// Opens `path` as openat(2) does from the directory open at `start`, with O_CLOEXEC, but never enters the filesystem
// with the device number `closed` (0 for none: no filesystem has it). An npyfs that looks something up in its own mount
// waits for itself: for ever where all its threads do, or where the kernel holds a lock of the directory for whoever
// looks up a name there already, and then no signal ends it. Returns a descriptor; -1 and errno otherwise: ELOOP for
// what leads there, and for links of /proc, which may lead where no path does. Links that change meanwhile can only
// make it fail.
int open_following_links(int start, const std::string& path, int flags, dev_t closed);

}  // namespace npyfs
