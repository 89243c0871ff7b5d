// Copies a view into a file.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/array/view.h"
#include "core/base/error.h"

namespace npyfs {

// Called with the number of bytes of the body that were just written, and once with 0 before the first. Returns false
// to stop the copy.
using Copied = std::function<bool(std::uint64_t bytes)>;

// Writes the view into the empty file open at `out`; `out_path` is its path, for messages. A body in one run is copied
// with copy_file_range(2): filesystems with reflinks then share the blocks instead of copying them, if the body begins
// at the same offset within a block in both files. Other bodies, and all if that call is not supported, are read and
// written. kTruncated if the source has become too short; kSystem with EINTR if `copied` returned false.
Result<void> copy_view(const View& view, int out, const std::string& out_path, const Copied& copied);

}  // namespace npyfs
