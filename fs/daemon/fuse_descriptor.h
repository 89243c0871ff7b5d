// A FUSE connection that somebody else has mounted and hands over: MOUNTPOINT /dev/fd/N.
#pragma once

#include "core/base/error.h"

namespace npyfs {

// Checks that descriptor `fd` is open on /dev/fuse, and keeps processes that npyfs starts from inheriting it.
// kInvalidArgument if it is something else. Whether it is mounted shows when the first request is read.
Result<void> take_fuse_descriptor(int fd);

}  // namespace npyfs
