// Descriptors 0 to 2, which may be closed when a program starts (`npyfs SOURCE MOUNTPOINT <&-`).
#pragma once

#include "core/base/error.h"

namespace npyfs {

// Opens /dev/null at each of 0 (for reading), 1 and 2 (for writing) that is closed. Children inherit them. Without
// this, files that npyfs opens would get these numbers: messages would be written into them, and going to the
// background would replace them. Call it before anything is opened.
Result<void> open_missing_standard_descriptors();

}  // namespace npyfs
