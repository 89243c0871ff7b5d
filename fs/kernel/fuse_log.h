// libfuse's own messages.
#pragma once

namespace npyfs {

// From now on libfuse's own messages are lines of our log (log.h). On the stderr of a daemon they would be lost. To be
// called before there are other threads.
void take_fuse_log();

}  // namespace npyfs
