// The numbers by which the kernel knows files and directories of the mount.
#pragma once

#include <cstdint>

namespace npyfs {

// Never used again for another node, so that a late FORGET or READ can never mean the wrong one. Not the inode number
// that users see.
using NodeId = std::uint64_t;

inline constexpr NodeId kRootNode = 1;  // FUSE_ROOT_ID

}  // namespace npyfs
