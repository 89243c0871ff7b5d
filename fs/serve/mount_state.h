// What the operations of one mount share.
#pragma once

#include <fuse_lowlevel.h>

#include <optional>

#include "core/tree/tree.h"
#include "fs/kernel/fuse_channel.h"
#include "fs/kernel/init_negotiation.h"
#include "fs/kernel/kernel_notices.h"
#include "fs/kernel/request_metrics.h"
#include "fs/options/options.h"
#include "fs/serve/counters.h"
#include "fs/serve/drain.h"
#include "fs/serve/handles.h"
#include "fs/serve/inode_numbers.h"
#include "fs/serve/mapped_owner.h"
#include "fs/serve/passthrough.h"
#include "fs/serve/preload.h"
#include "fs/serve/waiting_opens.h"

namespace npyfs {

// Thread-safe, as its members are. make_mount() (mount.h) makes one.
struct MountState {
  // `texts` makes the control files, which are read later: it is called before all members exist. `attempt` is that of
  // WaitingOpens.
  MountState(const Options& mount_options, SourceRoot root, ControlFiles (*texts)(const MountState&),
             WaitingOpens::Attempt attempt);
  MountState(const MountState&) = delete;
  MountState& operator=(const MountState&) = delete;

  // Held while bytes of a file are sent to the kernel, if the file is open for writing: nullopt if the mount is ending.
  // Other files need no pass, so they do not hold up the drain.
  std::optional<Drain::Pass> pass_to_read(NodeId node);

  // Whether the kernel was told, or will be at the first open, to open files without asking: it then reads by node,
  // with the handle 0, through its page cache, and says nothing of closes. -o idle_timeout has to know what is open.
  bool omits_opens() const {
    return options.immutable && options.cache == CachePolicy::kKernelCache && options.idle_timeout == 0 &&
           negotiation.can_omit_opens();
  }

  const Options options;
  Counters counters;
  RequestMetrics requests;
  InitNegotiation negotiation;
  FuseChannel channel;
  KernelNotices notices;
  Tree tree;
  Preload preload;
  Passthrough passthrough;
  Drain drain;
  WaitingOpens waiting_opens;  // outlives the files: their release calls it
  InodeNumbers inode_numbers;
  const MappedOwner owner;
  Handles<const OpenFile> files;
  Handles<Listing> directories;
};

// The mount that a session's user data stands for. A session of npyfs has no other user data than a MountState*.
inline MountState& mount_in(void* user_data) {
  return *static_cast<MountState*>(user_data);
}

// The mount that a request is for.
inline MountState& mount_of(fuse_req_t request) {
  return mount_in(fuse_req_userdata(request));
}

}  // namespace npyfs
