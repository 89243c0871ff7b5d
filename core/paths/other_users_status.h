// The status of files as other users than the owner of the mount may see it (-o allow_other, allow_root).
#pragma once

#include <string>

#include "core/base/error.h"
#include "core/paths/acl_mode_cache.h"
#include "core/paths/path_resolver.h"
#include "core/paths/source_status.h"

namespace npyfs {

// The status, with the birth time, of what `name` in the directory open at `directory` leads to. st_mode is that of
// AclModeCache, since the kernel checks permissions by the mode alone. `path` is the path of the name below the root.
//
// Follows a link if it stays in the root and every user who can reach `directory` may also reach the target; or, with
// Symlinks::kAnywhere, in any case. Otherwise the status is that of the link (S_ISLNK), as it is for a link that
// dangles or loops. The kernel then resolves the link in the mount and checks the user's permissions at each directory,
// which following the link here would skip.
//
// A target can be reached if everybody may enter the directories that contain it, up to `directory` or to the root. So
// the parents of `directory` count as well, unless the target is below it: they may have been closed to a user who
// still has `directory` open.
Result<SourceStatus> status_for_other_users(const PathResolver& resolver, AclModeCache& modes, int directory,
                                            const std::string& name, const std::string& path);

}  // namespace npyfs
