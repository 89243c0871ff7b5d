// One mount from its beginning to its end.
#pragma once

#include <functional>
#include <string>

#include "core/base/error.h"
#include "fs/options/exit_status.h"
#include "fs/options/options.h"

namespace npyfs {

// Mounts, goes to the background unless the options say otherwise, serves until the mount is unmounted or a signal
// comes (see Signals), and unmounts. When it goes to the background, the process that called it exits with 0 as soon as
// the mount is ready, and this function returns in the daemon. Errors before that point are for the user to read.
//
// `on_ready`, if there is one, is called with the absolute path of the mountpoint as soon as the mount is ready.
Result<void> serve(const Options& options, const std::function<void(const std::string& mountpoint)>& on_ready = {});

// Logs the error, if there is one, and returns the exit status for it.
ExitStatus explain_serving(const Result<void>& served);

}  // namespace npyfs
