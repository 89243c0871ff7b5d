// Direct I/O or the kernel's page cache: decided at each open.
#pragma once

#include <fuse_lowlevel.h>

#include "core/tree/tree.h"
#include "fs/options/options.h"

namespace npyfs {

// Sets direct_io and keep_cache of an open reply. Pages that the kernel has kept are right, since a node stands
// for one version of its source (see Node::version), unless they may have been read while its timestamps were racy:
// these are dropped (see OpenFile::doubt). `can_map_direct_io` as FuseChannel has it: without it a file opened for
// direct I/O cannot be mapped shared, so by default none is. Where an array may be written through the mount, reads
// must not end in pages that the kernel has kept: direct I/O where that can be mapped, else pages that are dropped at
// each open. Writes go through the pages where these may be mapped for writing (see Claims).
void choose_caching(CachePolicy policy, bool can_map_direct_io, const OpenFile& file, fuse_file_info& info);

}  // namespace npyfs
