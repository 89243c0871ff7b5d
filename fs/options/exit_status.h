// What npyfs exits with. A command that it runs under a mount (`npyfs SOURCE -- command`) has its own exit status.
#pragma once

namespace npyfs {

// Part of the program's interface: npyfs(1).
enum class ExitStatus {
  kFine = 0,
  kDamageFound = 1,  // --check alone: it did its work, and found damage
  kUsage = 2,        // the command line is wrong
  kFailed = 3,       // mounting, serving, creating, reading or writing failed
  kCannotRun = 126,  // `-- command`: found, but it cannot be executed
  kNotFound = 127,   // `-- command`: there is no such command
};

}  // namespace npyfs
