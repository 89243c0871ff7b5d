// Which command a command line asks for: npyfs mounts, unless an option names another command.
#pragma once

#include "core/base/error.h"
#include "fs/options/exit_status.h"

namespace npyfs {

// A command takes the whole command line. kInvalidArgument is a wrong command line, any other error a failure.
using Command = Result<ExitStatus> (*)(int argc, char* argv[]);

// The command that the arguments name; null where they name none: then npyfs mounts.
Command command_named_in(int argc, char* argv[]);

}  // namespace npyfs
