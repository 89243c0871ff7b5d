// What libfuse itself has to say.
#pragma once

namespace npyfs {

// From now on libfuse's own messages are lines of our log (see log.h), where they would be lost on a daemon's stderr.
// To be called before there are threads.
void take_fuse_log();

}  // namespace npyfs
