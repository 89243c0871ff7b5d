// npyfs --check SOURCE [--json]
#pragma once

#include "core/base/error.h"
#include "fs/options/exit_status.h"

namespace npyfs {

// Prints a list of the arrays in a data set. kDamageFound where an array is damaged or something cannot be read.
Result<ExitStatus> run_check(int argc, char* argv[]);

}  // namespace npyfs
