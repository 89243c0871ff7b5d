// The FUSE operations: each unpacks a request, makes one call on the tree, and replies once.
#pragma once

#include <fuse_lowlevel.h>

namespace npyfs {

// For a session whose user data is a MountState*. libfuse answers operations that are missing from it with ENOSYS,
// after which the kernel does not ask again: a read-only filesystem has nothing to sync.
extern const fuse_lowlevel_ops kOperations;

}  // namespace npyfs
