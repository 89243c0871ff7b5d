// What other users than the owner of the mount are told of the source (-o allow_other, allow_root).
#pragma once

#include <string>

#include "core/base/error.h"
#include "core/paths/acl_mode_cache.h"
#include "core/paths/path_resolver.h"
#include "core/paths/source_status.h"

namespace npyfs {

// What `name` is in the directory that is open at `directory`, with its birth; links are followed. A link that leaves
// the root, dangles or loops is described itself (S_ISLNK). So is one that leads through a directory which is not open
// to all (those above its own count, unless it stays beneath it: who is there may not be able to get there any more):
// the kernel then resolves it in the mount, and checks the visitor's rights on the way, which following it here would
// pass over. The kernel goes by the mode alone, so that is the one of AclModeCache. `path` is that of the name beneath
// the root.
Result<SourceStatus> status_for_other_users(const PathResolver& resolver, AclModeCache& modes, int directory,
                                            const std::string& name, const std::string& path);

}  // namespace npyfs
