// The capabilities of a daemon that runs as root, once it has mounted.
#pragma once

#include "core/base/error.h"

namespace npyfs {

// Drops all capabilities that serving and unmounting do not need, for this thread and the threads that it starts later;
// call it before there are others. Root, also of a user namespace, keeps CAP_DAC_READ_SEARCH, to read the files of all
// users (the kernel checks the permissions of whoever asks), CAP_DAC_OVERRIDE to write them where the mount is
// `writable`, and CAP_SYS_ADMIN, to unmount at the end. Programs that the daemon starts cannot gain more
// (no_new_privs). Does nothing for other users: they unmount by fusermount3, which is setuid and so must stay able to
// gain privileges.
Result<void> drop_privileges(bool writable);

}  // namespace npyfs
