// What the operations of one mount share.
#pragma once

#include <optional>

#include "core/tree.h"
#include "fs/drain.h"
#include "fs/handles.h"
#include "fs/negotiation.h"
#include "fs/options.h"
#include "fs/preload.h"
#include "fs/waiting_opens.h"

namespace npyfs {

// Thread-safe, as its members are.
struct Filesystem : Negotiation {
  Filesystem(const Options& mount_options, SourceRoot root);

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
