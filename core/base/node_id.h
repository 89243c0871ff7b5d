// The numbers by which the kernel refers to files and directories of the mount (nodeid in the FUSE protocol).
#pragma once

#include <cstdint>

namespace npyfs {

// A number is never reused for another node, so a late FORGET or READ cannot hit the wrong one. This is not the inode
// number that stat(2) shows.
using NodeId = std::uint64_t;

inline constexpr NodeId kRootNode = 1;  // FUSE_ROOT_ID

}  // namespace npyfs
