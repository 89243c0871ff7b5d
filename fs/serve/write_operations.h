// The operations that only a writable mount has.
#pragma once

#include <fuse_lowlevel.h>

#include "fs/serve/waiting_opens.h"

namespace npyfs {

// Opens `node` for writing and replies: now, or once another view that was closed has been released (WaitingOpens).
void open_for_writing(fuse_req_t request, fuse_ino_t node, const fuse_file_info& info);

// See WaitingOpens::Attempt.
bool try_to_open_for_writing(const WaitingOpens::Open& open, bool is_last) noexcept;

// Fills in setattr, write, flush and fsync, and refuses every operation that would change a directory.
void add_write_operations(fuse_lowlevel_ops& operations);

}  // namespace npyfs
