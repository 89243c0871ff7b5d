// The kernel's own read-ahead for this mount: how many bytes it requests beyond those that a reader of cached or mapped
// pages wants.
#pragma once

#include <cstdint>
#include <string>

namespace npyfs {

// Raises read_ahead_kb of the mount at `mountpoint` to `bytes`, if the daemon is permitted to (root is; other users
// keep the kernel's 128 KiB). Touches no other device. Returns the read-ahead in force, in bytes; 0 if that cannot be
// read. Works while nobody serves the mount. To be called once INIT has been answered, since the kernel sets its value
// then.
std::uint64_t raise_kernel_read_ahead(const std::string& mountpoint, std::uint64_t bytes);

}  // namespace npyfs
