// What every operation begins and ends with.
#pragma once

#include <fuse_lowlevel.h>

#include "core/base/error.h"
#include "fs/serve/mount_state.h"

namespace npyfs {

// The filesystem that a request is for.
MountState& filesystem_of(fuse_req_t request);

// Answers with the error's errno. Missing names are everyday life, and stale ones are looked up again by the kernel;
// whatever else fails is counted, and worth a line.
void reply_error(fuse_req_t request, const Error& error);

// The same where every error is: that of a file that is open.
void reply_logged_error(fuse_req_t request, const Error& error);

// Answers with what the node is now, or with the error.
void reply_attributes(fuse_req_t request, NodeId node);

// Answers an open: with a handle that the kernel gives back in release.
void reply_open(fuse_req_t request, std::shared_ptr<const OpenFile> file, fuse_file_info info);

}  // namespace npyfs
