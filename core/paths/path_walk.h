// Paths that are walked here, one component after the other, where the kernel would go too far: into npyfs's own mount.
// An npyfs that looks something up there waits for itself, for ever where all its threads do, or where the kernel holds
// a lock of the directory for whoever looks up a name there already, and then no signal ends it.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>

namespace npyfs {

struct WalkRules {
  int root;  // open on a directory
  // Its absolute paths, without final '/': a link that begins with one stays beneath it.
  std::span<const std::string> names;
  bool may_leave;  // other absolute links and ".." are followed out of it
  dev_t closed;    // device number of the filesystem that is not entered; 0 for none
};

// Opens `path` ("" for the directory itself) from the directory open at `start` as openat(2) does, links followed, with
// O_CLOEXEC. A descriptor; -1 and errno otherwise: EXDEV for what leaves the root and may not, ELOOP for what is
// closed, and for links of /proc that may lead where no path does. ".." leads to where the walk has come from, and
// above `start` to what the kernel says. What changes meanwhile can only make it fail. That is one system call where
// the path crosses no mount and has no absolute link, and otherwise one from each mount on the way, or a few for each
// directory.
int walk(const WalkRules& rules, int start, const std::string& path, int flags);

// What the link that is open at `link` says; "", which no link says, and errno where it cannot be read.
std::string target_of_link(int link);

// Whether `name` in the directory open at `directory` is on the filesystem with this device number; what is open there
// where `name` is "". A link itself. Asks that filesystem nothing, and mounts nothing. False where it cannot be found
// out.
bool is_on_device(int directory, const std::string& name, dev_t device);

}  // namespace npyfs
