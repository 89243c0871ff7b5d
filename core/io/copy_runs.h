// Bytes of a segment, copied into memory.
#pragma once

#include <cstddef>

#include "core/array/view.h"
#include "core/base/error.h"
#include "core/base/extent.h"
#include "core/io/copy_thread.h"

namespace npyfs {

// Copies bytes `wanted` of the segment, whose file is open, to `out`. `may_map`: out of a mapping of the file,
// otherwise with pread(2). Whether the source still holds these bytes is to be checked afterwards:
// Segment::check_still_holds(). `helper` takes part in copies out of a mapping that take long, if it is not null.
Result<void> copy_runs(const Segment& segment, Extent wanted, bool may_map, std::byte* out, CopyThread* helper);

}  // namespace npyfs
