// What npyfs exits with.
#pragma once

namespace npyfs {

// Part of the program's interface: README.md, npyfs(1).
enum class ExitStatus {
  kFine = 0,
  kDamageFound = 1,  // --check alone: it did its work, and found damage
  kUsage = 2,        // the command line is wrong
  kFailed = 3,       // mounting, serving, creating, reading or writing failed
};

}  // namespace npyfs
