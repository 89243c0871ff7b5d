// The end of a mount that nobody uses (-o idle_timeout).
#pragma once

#include <chrono>
#include <string>
#include <thread>

#include "core/base/mutex.h"
#include "fs/serve/mount_state.h"

namespace npyfs {

// While it lives, a thread looks whether anything of the mount is open, and unmounts it after `timeout` with nothing
// open: no file (a mapping holds one) and no directory. The kernel refuses the unmount if somebody uses the mount in
// another way (a mapping of a backing file), or has just opened something; then the time begins anew. The session's
// loop ends by the unmount.
class IdleEnd {
 public:
  using Seconds = std::chrono::duration<double>;

  // Does nothing if `timeout` is 0. `mountpoint` is an absolute path.
  IdleEnd(MountState& mount, std::string mountpoint, Seconds timeout);
  IdleEnd(const IdleEnd&) = delete;
  IdleEnd& operator=(const IdleEnd&) = delete;
  ~IdleEnd() { stop(); }

  // Returns when no unmount is under way and none will begin. Call it while the mount is still served, because an
  // unmount may wait for pages to be written. Thread-safe; calling it again does nothing.
  void stop();

 private:
  void run();
  bool sleep();  // false if the thread is to end

  MountState& mount_;
  const std::string mountpoint_;
  const Seconds timeout_;
  Mutex mutex_;  // no other lock is taken while holding it
  Condition stopping_;
  bool is_stopping_ GUARDED_BY(mutex_) = false;
  Mutex joining_;  // taken before the thread's own locks are waited for; no other lock is taken while holding it
  std::thread thread_ GUARDED_BY(joining_);
};

}  // namespace npyfs
