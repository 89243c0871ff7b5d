// The reply to an open: how the kernel may cache the file, and the handle under which it knows it.
#pragma once

#include <fuse_lowlevel.h>

#include <memory>

#include "core/tree/tree.h"

namespace npyfs {

// Replies with a handle of `file`, which the kernel gives back by RELEASE. If the reply cannot be delivered, the file
// is closed. `info` is that of the request.
void reply_open(fuse_req_t request, std::shared_ptr<const OpenFile> file, fuse_file_info info);

}  // namespace npyfs
