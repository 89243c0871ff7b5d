// The signals that come to npyfs while it supervises a command.
#pragma once

#include <signal.h>
#include <sys/signalfd.h>

#include <chrono>
#include <optional>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "fs/daemon/command_process.h"

namespace npyfs {

// Blocks SIGCHLD and the signals that a command may be sent, and hands them out one by one. Signals that were ignored
// when npyfs was started (nohup) stay ignored. The signals that stop and continue a job keep their meaning. Make it
// before there are other threads.
class SupervisedSignals {
 public:
  static Result<SupervisedSignals> block();

  // Readable while a signal waits.
  int descriptor() const { return descriptor_.get(); }
  // What children get back.
  const InheritedSignals& inherited() const { return inherited_; }

  // Waits for the next signal, at most for `timeout` where there is one. Empty when the time is over.
  std::optional<signalfd_siginfo> next(std::optional<std::chrono::milliseconds> timeout) const;

 private:
  UniqueFd descriptor_;
  InheritedSignals inherited_ = {};
};

// Whether the signal ends a process that does not handle it, as a user or a batch system asks for it.
bool asks_to_end(int number);

// Whether the terminal has sent the signal to its whole foreground process group, the command included.
bool comes_from_terminal(const signalfd_siginfo& signal);

}  // namespace npyfs
