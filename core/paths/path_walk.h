// Path resolution in user space, component by component, as far as the kernel must not do it: the kernel would enter
// npyfs's own mount, which may lie below the source. An npyfs that looks something up in its own mount waits for
// itself. That wait never ends if all its threads do so. It cannot even be killed if the kernel holds the directory's
// lock for a lookup that is already waiting for npyfs.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace npyfs {

struct WalkRules {
  int root;                            // open on the root directory
  std::span<const std::string> names;  // absolute paths of the root, without trailing '/'. A link to below one of them
                                       // is resolved from `root`
  bool may_leave;                      // other absolute links, and ".." above the start, may lead out of the root
  dev_t excluded;                      // st_dev of the filesystem that is never entered; 0 for none
};

// Opens `path` ("" is the directory itself) relative to the directory open at `start`, as openat(2) does with `flags`.
// Follows symbolic links; adds O_CLOEXEC. Errors are kSystem with these errno values and those of openat(2); `subject`
// is their subject.
// - EXDEV: the path leaves the root, and the rules do not allow it.
// - ELOOP: the path leads into the excluded filesystem, through a link on a mount with nosymfollow, through a link of
//   /proc, which may lead anywhere, or through more than 40 links.
//
// ".." leads back the way that the walk has come; above `start` it is the kernel's "..". Changes of the directories
// during the walk can make it fail, but cannot lead it out of the root.
//
// Costs one system call for a path without mounts and absolute links; otherwise one for each mount on the way, or a few
// for each directory. Without openat2(2), which Linux has since 5.6, always a few for each directory.
Result<UniqueFd> walk(const WalkRules& rules, int start, const std::string& path, int flags,
                      const std::string& subject);

// The target of the symbolic link that is open at `link` (O_PATH). Errors are kSystem with the errno of readlink(2).
Result<std::string> target_of_link(int link, const std::string& subject);

// Whether `name` in the directory open at `directory` is on the filesystem with this st_dev; `name` may be "" for what
// is open there. Does not follow a link. Sends no request to that filesystem and triggers no automount. False if it
// cannot be found out.
bool is_on_device(int directory, const std::string& name, dev_t device);

}  // namespace npyfs
