// The control files in .npyfs/: what the daemon says about itself.
#pragma once

#include "core/tree/control_files.h"

namespace npyfs {

struct MountState;

// The files refer to `mount` and must not outlive it. Its members need not exist yet: the texts are made at each open.
ControlFiles control_files(const MountState& mount);

}  // namespace npyfs
