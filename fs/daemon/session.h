// One mount from its beginning to its end.
#pragma once

#include "core/base/error.h"
#include "fs/options/options.h"

namespace npyfs {

// Mounts, goes to the background unless the options say otherwise, serves until the mount is unmounted or a signal
// comes (see Signals), and unmounts. When it goes to the background, the process that called it exits with 0 as soon as
// the mount is ready, and this function returns in the daemon. Errors before that point are for the user to read.
Result<void> serve(const Options& options);

}  // namespace npyfs
