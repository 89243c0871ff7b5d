// The kernel, told of what changes in the source.
#pragma once

#include <thread>

#include "core/paths/source_mount.h"
#include "fs/serve/mount_state.h"

namespace npyfs {

// While it lives, a thread of its own hears of changes (Tree::watch(), where that was started) and has the kernel ask
// anew for what they concern. Where it cannot, the timeouts do. A notice waits for no request that is being served.
//
// The thread also replaces the root of the source, if the source's mount was unmounted and another one has taken its
// place: see SourceMount.
class ChangeNotices {
 public:
  ChangeNotices(MountState& filesystem, SourceMount source_mount);
  ChangeNotices(const ChangeNotices&) = delete;
  ChangeNotices& operator=(const ChangeNotices&) = delete;
  ~ChangeNotices() { filesystem_.tree.watch().stop(); }

 private:
  void run();
  bool has_new_root();

  MountState& filesystem_;
  SourceMount source_mount_;  // of thread_
  std::jthread thread_;
};

}  // namespace npyfs
