// The texts of .npyfs/: what the daemon says about itself.
#pragma once

#include "core/control_files.h"

namespace npyfs {

struct Filesystem;

// The files, which refer to `filesystem` and must not outlive it. It need not be complete yet: they are read later.
ControlFiles control_files(const Filesystem& filesystem);

}  // namespace npyfs
