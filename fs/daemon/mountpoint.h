// Where to mount: what must be known and done about it before.
#pragma once

#include <string>

#include "core/base/error.h"
#include "core/paths/source_root.h"

namespace npyfs {

// Makes `mountpoint` ready and returns its absolute path without links, as mount(2) and /proc/mounts have it: going to
// the background changes the working directory, so that only that can be unmounted later.
//
// A mount that an npyfs left there when it was killed is cleared away. Refused (kInvalidArgument) is a mountpoint
// inside the source: reading the source would lead back into the mount, and wait for itself. The source itself is fine.
// What lies in a mountpoint that is not empty is hidden: logged as a notice.
Result<std::string> prepare_mountpoint(const std::string& mountpoint, const SourceRoot& source);

// The device number of what is mounted at `mountpoint`, which is not asked for it: it need not be served. 0 where the
// system does not say.
dev_t device_of_mount(const std::string& mountpoint);

}  // namespace npyfs
