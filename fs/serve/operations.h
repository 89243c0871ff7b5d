// The FUSE operations: each unpacks a request, makes one call on the tree, and replies once.
#pragma once

#include <fuse_lowlevel.h>

namespace npyfs {

// For a session whose user data is a MountState (as FuseChannel*). Operations that are missing from it are answered
// with ENOSYS by libfuse, which makes the kernel stop asking: a read-only filesystem has nothing to flush.
extern const fuse_lowlevel_ops kOperations;

}  // namespace npyfs
