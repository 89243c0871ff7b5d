// The signals that end a mount, taken by a thread of their own: what is to be done before the end takes time and needs
// the daemon to go on serving.
#pragma once

#include <signal.h>

#include <functional>

namespace npyfs {

// TERM, INT, HUP, QUIT and XCPU, less those that whoever started us has ignored (nohup). To be made before there are
// other threads; the signals are blocked from then on. Others that would end us at once, and mean nothing to us, are
// ignored: PIPE, XFSZ, and those of users, timers and descriptors.
class Signals {
 public:
  Signals();

  // Runs `loop` in this thread. At the first signal another one calls `before_end`, then `end`, which makes the loop
  // return, and interrupts system calls of this thread until it has.
  void take_during(const std::function<void()>& loop, const std::function<void()>& before_end,
                   const std::function<void()>& end);

 private:
  sigset_t ending_;
};

}  // namespace npyfs
