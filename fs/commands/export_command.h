// npyfs --export DATA.npy/PATH OUT, npyfs --export DATA.npy --chunks N [--axis K] OUT
#pragma once

#include "core/base/error.h"
#include "fs/options/exit_status.h"

namespace npyfs {

// Writes what a directory below an array lists into a new one: see core/commands/array_export.h. On SIGINT, SIGTERM or
// SIGHUP it removes what it has written, and then ends by that signal.
Result<ExitStatus> run_export(int argc, char* argv[]);

}  // namespace npyfs
