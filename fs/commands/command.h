// What npyfs does with its command line: it mounts, unless an option names one of the other commands.
#pragma once

#include "core/base/error.h"

namespace npyfs {

// What the program exits with. Part of its interface: README.md, npyfs(1).
enum class ExitStatus {
  kFine = 0,
  kDamageFound = 1,  // --check alone: it did its work, and not all is well
  kUsage = 2,        // the command line is wrong
  kFailed = 3,       // it cannot be done: mounted, served, created, read, written
};

// A command takes the whole command line. kInvalidArgument is a wrong command line, any other error a failure.
using Command = Result<ExitStatus> (*)(int argc, char* argv[]);

// The command that the arguments name; null where they name none: then npyfs mounts.
Command command_named_in(int argc, char* argv[]);

}  // namespace npyfs
