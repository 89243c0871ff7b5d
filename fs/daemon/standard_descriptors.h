// The descriptors 0 to 2, which a program may be started without (`npyfs SOURCE MOUNTPOINT <&-`).
#pragma once

#include "core/base/error.h"

namespace npyfs {

// Opens /dev/null, which children inherit, at each of 0 (for reading), 1 and 2 (for writing) where nothing is open.
// Otherwise files of ours would get these numbers, be written into by messages, and be replaced by going to the
// background. To be called before anything is opened.
Result<void> open_missing_standard_descriptors();

}  // namespace npyfs
