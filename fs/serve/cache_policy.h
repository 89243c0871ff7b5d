// Direct I/O or the kernel's page cache: decided at each open.
#pragma once

#include <fuse_lowlevel.h>

#include "core/tree/tree.h"
#include "fs/options/options.h"

namespace npyfs {

// Sets direct_io, keep_cache and noflush of an open reply. `can_map_direct_io` is that of InitNegotiation.
//
// A file that cannot be written through the mount: pages that the kernel has of the node may stay, since a node stands
// for one version of its source (see Node::version). The exception are pages that may be stale (see
// OpenFile::stale_mark), for instance because they were read while the source's timestamp was racy: the kernel drops
// them at this open. By default small files use the page cache and large ones direct I/O, if a file opened for direct
// I/O can be mapped shared; without that, no file is opened for direct I/O by default. Generated texts are never
// cached.
//
// An array that may be written through the mount: no page is kept from one open to the next. It is opened for direct
// I/O if that can be mapped; otherwise the kernel drops its pages at each open. Only a view that may be mapped for
// writing always uses the page cache, since its writes must go through the mapped pages (see
// core/writing/range_locks.h).
void choose_caching(CachePolicy policy, bool can_map_direct_io, const OpenFile& file, fuse_file_info& info);

}  // namespace npyfs
