// The process of a command that runs under a mount.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "core/base/error.h"

namespace npyfs {

// What the process gets back of what npyfs has changed for itself.
struct InheritedSignals {
  sigset_t mask;
  struct sigaction child;  // of SIGCHLD
};

// Starts `command` by execvp(3) with $NPYFS_MNT set to `mountpoint`, which also replaces every "{}" in its words. It is
// killed when the calling thread ends. Where it cannot be executed the process says why on stderr, and its exit status
// is kNotFound or kCannotRun. Call it while there are no other threads.
Result<pid_t> start_command(std::vector<std::string> command, const std::string& mountpoint,
                            const InheritedSignals& signals);

// `word` with every "{}" replaced by `mountpoint`.
std::string with_mountpoint(const std::string& word, const std::string& mountpoint);

}  // namespace npyfs
