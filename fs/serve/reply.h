// Replies that several operations share.
#pragma once

#include <fuse_lowlevel.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <span>

#include "core/base/error.h"
#include "core/base/node_id.h"

namespace npyfs {

// Replies with the error's errno. ENOENT is everyday life, and after ESTALE the kernel looks the name up again by
// itself: both are logged at debug level only. Any other error is counted and logged as a warning.
void reply_error(fuse_req_t request, const Error& error);

// The same, but counts and logs every error: for requests about an open file.
void reply_logged_error(fuse_req_t request, const Error& error);

// Replies with these attributes.
void reply_attributes(fuse_req_t request, struct stat attributes);

// Replies with the present attributes of the node, or with the error.
void reply_attributes(fuse_req_t request, NodeId node);

// Replies with these bytes. Returns the errno with which writing the reply failed, 0 if it did not. EFAULT: bytes of a
// mapping could not be read (the file was truncated, or has a bad block), and the kernel has told the reader EIO.
int reply_bytes(fuse_req_t request, std::span<const iovec> bytes);

}  // namespace npyfs
