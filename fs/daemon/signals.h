// The signals that end a mount. A thread of its own waits for them: writing back before the end takes time, and the
// daemon has to go on serving meanwhile.
#pragma once

#include <signal.h>

#include <functional>

namespace npyfs {

// TERM, INT, HUP, QUIT and XCPU end the mount, except those that were ignored when npyfs was started (nohup). Create
// the object before there are other threads: it blocks these signals. It also ignores signals that would end the
// process at once and have no meaning here: PIPE, XFSZ, user signals, and those of timers and descriptors.
class Signals {
 public:
  Signals();

  // Runs `loop` in this thread. At the first signal another thread calls `before_end` and then `end`, which makes the
  // loop return, and interrupts the system calls of this thread until the loop has returned.
  void take_during(const std::function<void()>& loop, const std::function<void()>& before_end,
                   const std::function<void()>& end);

 private:
  sigset_t ending_;
};

}  // namespace npyfs
