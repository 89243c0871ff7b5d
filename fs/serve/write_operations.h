// The operations that only a writable mount has.
#pragma once

#include <fuse_lowlevel.h>

#include "fs/serve/mount_state.h"
#include "fs/serve/waiting_opens.h"

namespace npyfs {

// Opens `node` for writing and replies: now, or once another view that was closed has been released (WaitingOpens).
void open_for_writing(fuse_req_t request, fuse_ino_t node, const fuse_file_info& info);

// Writes the zeros that O_TRUNC has promised, where no close() has done so. Nobody can be told of an error but the log.
void fill_before_release(MountState& mount, const OpenFile& file);

// See WaitingOpens::Attempt.
bool try_to_open_for_writing(const WaitingOpens::Open& open, bool is_last) noexcept;

// Fills in setattr, write, flush and fsync, and refuses every operation that would change a directory.
void add_write_operations(fuse_lowlevel_ops& operations);

}  // namespace npyfs
