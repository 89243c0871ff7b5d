// The kernel, told of what changes in the source.
#pragma once

#include <thread>

#include "fs/serve/mount_state.h"

namespace npyfs {

// While it lives, a thread of its own hears of changes (Tree::watch(), where that was started) and has the kernel ask
// anew for what they concern. Where it cannot, the timeouts do. A notice waits for no request that is being served.
class ChangeNotices {
 public:
  explicit ChangeNotices(MountState& filesystem);
  ChangeNotices(const ChangeNotices&) = delete;
  ChangeNotices& operator=(const ChangeNotices&) = delete;
  ~ChangeNotices() { filesystem_.tree.watch().stop(); }

 private:
  void run();

  MountState& filesystem_;
  std::jthread thread_;
};

}  // namespace npyfs
