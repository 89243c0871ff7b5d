// The kernel's own read-ahead of this mount: how much of a file it asks for beyond what a reader of cached or mapped
// pages has asked for.
#pragma once

#include <cstdint>
#include <string>

namespace npyfs {

// Raises read_ahead_kb of the mount at `mountpoint` to `bytes`, where the daemon may (root; others keep the kernel's
// 128 KiB). Touches no other device. Returns what is in force, 0 where that cannot be told. Does not wait for the mount
// to be served. To be called once INIT has been answered: the kernel sets it then.
std::uint64_t raise_kernel_read_ahead(const std::string& mountpoint, std::uint64_t bytes);

}  // namespace npyfs
