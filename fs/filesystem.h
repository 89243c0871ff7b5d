// What the operations of one mount share.
#pragma once

#include <memory>

#include "core/tree.h"
#include "fs/handles.h"
#include "fs/metrics.h"
#include "fs/negotiation.h"
#include "fs/options.h"
#include "fs/preload.h"

namespace npyfs {

// Thread-safe, as its members are.
struct Filesystem : Negotiation {
  Filesystem(const Options& mount_options, SourceRoot root);

  const Options options;
  Metrics metrics;
  Tree tree;
  Preload preload;
  Handles<const OpenFile> files;
  Handles<Listing> directories;
};

}  // namespace npyfs
