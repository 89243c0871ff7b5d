// One mount put together: its state, the texts about it, and the operations that answer its requests.
#pragma once

#include <fuse_lowlevel.h>

#include <string>

#include "core/base/error.h"
#include "core/paths/source_root.h"
#include "fs/options/options.h"
#include "fs/serve/mount_state.h"

namespace npyfs {

MountState make_mount(const Options& options, SourceRoot root);

// Has libfuse read the requests of `session` and write its replies through `mount`, which must be the session's user
// data (see kOperations). To be called once, after the mount and before the loop. `mountpoint` is an absolute path.
Result<void> attach(MountState& mount, fuse_session* session, std::string mountpoint);

}  // namespace npyfs
