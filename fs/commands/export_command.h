// npyfs --export DATA.npy --chunks N [--axis K] OUT
#pragma once

#include "core/base/error.h"
#include "fs/commands/exit_status.h"

namespace npyfs {

// Writes the chunks of an array into a new directory: see core/chunk_export.h. Ends by the signal where one comes.
Result<ExitStatus> run_export(int argc, char* argv[]);

}  // namespace npyfs
