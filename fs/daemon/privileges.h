// What a daemon that runs as root may do once it has mounted.
#pragma once

#include "core/base/error.h"

namespace npyfs {

// Gives up what serving and unmounting do not take, for this thread and those that it starts later: to be called before
// there are others. As root, of a user namespace too, it keeps CAP_DAC_READ_SEARCH, to read sources of all users (the
// kernel checks who asks), CAP_DAC_OVERRIDE for the same where it is `writable`, and CAP_SYS_ADMIN, to unmount at the
// end; no program that it might start can have more. Does nothing for other users: their unmounting takes fusermount3,
// which is setuid.
Result<void> drop_privileges(bool writable);

}  // namespace npyfs
