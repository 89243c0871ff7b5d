// npyfs --check SOURCE [--json] [--joined] [-o follow_symlinks,suffix=.cs]
#pragma once

#include "core/base/error.h"
#include "fs/options/exit_status.h"

namespace npyfs {

// Prints a list of the arrays in a data set. kDamageFound if an array is damaged, something cannot be
// read, or a link leads nowhere.
Result<ExitStatus> run_check(int argc, char* argv[]);

}  // namespace npyfs
