// Notifies the kernel of changes in the source.
#pragma once

#include <thread>

#include "core/paths/source_mount.h"
#include "fs/serve/mount_state.h"

namespace npyfs {

// While it lives, a thread of its own waits for changes (Tree::watch(), if that was started) and expires the attributes
// that the kernel has of the nodes concerned. A change of which the kernel is not notified shows within the timeouts of
// the mount options. A notice waits for no request that is being served.
//
// The thread also replaces the root of the source, if the source's mount was unmounted and another one has taken its
// place: see SourceMount.
class ChangeNotices {
 public:
  ChangeNotices(MountState& mount, SourceMount source_mount);
  ChangeNotices(const ChangeNotices&) = delete;
  ChangeNotices& operator=(const ChangeNotices&) = delete;
  ~ChangeNotices() { mount_.tree.watch().stop(); }

 private:
  void run();
  bool has_new_root();

  MountState& mount_;
  SourceMount source_mount_;  // of thread_
  std::jthread thread_;
};

}  // namespace npyfs
