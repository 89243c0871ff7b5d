// One mount from its beginning to its end.
#pragma once

#include "core/base/error.h"
#include "fs/options/options.h"

namespace npyfs {

// Mounts, goes to the background unless told otherwise, and serves until it is unmounted or a signal (see Signals)
// comes; then unmounts. In the background this returns in the daemon; the process that was started exits with 0 as
// soon as the mount is ready. Errors before that are for the user to read.
Result<void> serve(const Options& options);

}  // namespace npyfs
