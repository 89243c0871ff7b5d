// What the operations of one mount share.
#pragma once

#include <optional>

#include "core/tree/tree.h"
#include "fs/kernel/fuse_channel.h"
#include "fs/options/options.h"
#include "fs/serve/drain.h"
#include "fs/serve/handles.h"
#include "fs/serve/preload.h"
#include "fs/serve/waiting_opens.h"

namespace npyfs {

// Thread-safe, as its members are.
struct MountState : FuseChannel {
  MountState(const Options& mount_options, SourceRoot root);

  // Held while bytes of a file are handed out, where they are pages of one that is open for writing; nullopt where the
  // mount is ending. Files that nobody writes need none, so they do not hold up the drain.
  std::optional<Drain::Pass> pass_to_read(NodeId node);

  const Options options;
  Tree tree;
  Preload preload;
  Drain drain;
  WaitingOpens waiting_opens;  // outlives the files, whose ends it hears of
  Handles<const OpenFile> files;
  Handles<Listing> directories;
};

}  // namespace npyfs
