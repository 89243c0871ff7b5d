// npyfs --export DATA.npy --chunks N [--axis K] OUT
#pragma once

#include "core/base/error.h"
#include "fs/commands/exit_status.h"

namespace npyfs {

// Writes the chunks of an array into a new directory: see core/commands/chunk_export.h. On SIGINT, SIGTERM or SIGHUP it
// removes what it has written, and then ends by that signal.
Result<ExitStatus> run_export(int argc, char* argv[]);

}  // namespace npyfs
