// The texts of .npyfs/: what the daemon says about itself.
#pragma once

#include "core/tree/control_files.h"

namespace npyfs {

struct MountState;

// The files, which refer to `filesystem` and must not outlive it. It need not be complete yet: they are read later.
ControlFiles control_files(const MountState& filesystem);

}  // namespace npyfs
