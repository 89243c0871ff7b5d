// The bytes of a view, written into a file.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/array/view.h"
#include "core/base/error.h"

namespace npyfs {

// Told how many bytes of a body have just been written, and 0 before the first; returns false to have the rest left
// out.
using Copied = std::function<bool(std::uint64_t bytes)>;

// Writes the view to the empty file `out`, which messages call `out_path`. A body in one run goes by
// copy_file_range(2): a filesystem that shares blocks between files does so wherever whole blocks of the source fall on
// whole blocks of `out`, which takes a body that begins at the same place within a block in both. Other bodies, and all
// where the call does not work, are read and written. kTruncated where the source has become too short; kSystem with
// EINTR where `copied` said stop.
Result<void> copy_view(const View& view, int out, const std::string& out_path, const Copied& copied);

}  // namespace npyfs
