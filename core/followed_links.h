// Paths that are walked here, one component after the other, so that nothing is looked up in npyfs's own mount: an
// npyfs that does so waits for itself, for ever where all its threads do, or where the kernel holds a lock of the
// directory for whoever looks up a name there already, and then no signal ends it.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>

namespace npyfs {

// How many links a path may lead through, as for the kernel (include/linux/namei.h, MAXSYMLINKS).
inline constexpr int kMaxLinks = 40;

// What the link that is open at `link` says; "", which no link says, and errno where it cannot be read.
std::string target_of_link(int link);

// Whether `name` in the directory open at `directory` is on the filesystem with this device number; what is open there
// where `name` is "". A link itself. Asks no filesystem, and mounts nothing. False where it cannot be found out.
bool is_on_device(int directory, const std::string& name, dev_t device);

// These open `path` ("" for the directory itself), links followed, with O_CLOEXEC, but never enter the filesystem with
// the device number `closed` (0 for none: no filesystem has it). A descriptor; -1 and errno otherwise: ELOOP for what
// leads there. Links that change meanwhile can only make them fail.

// From the directory open at `start`, wherever it leads. ELOOP also for links of /proc, which may lead where no path
// does.
int open_following_links(int start, const std::string& path, int flags, dev_t closed);

// Beneath the directory open at `root`, of which `names` are the absolute paths, without final '/': absolute links that
// begin with one of them stay there. EXDEV for what leaves it.
int open_following_links_beneath(int root, std::span<const std::string> names, const std::string& path, int flags,
                                 dev_t closed);

}  // namespace npyfs
