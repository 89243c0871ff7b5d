// Passthrough (Linux 6.9): the kernel reads an open file of the mount from another file, its backing file, and asks the
// daemon for none of its bytes. libfuse has it from 3.17 on; this is the kernel's own interface.
#pragma once

#include <fuse_lowlevel.h>

#include <cstdint>
#include <expected>

namespace npyfs {

// Not in the kernel headers of Debian 12: include/uapi/linux/fuse.h, protocol 7.40. A bit of INIT's flags and flags2;
// FUSE_PASSTHROUGH there.
inline constexpr std::uint64_t kInitPassthrough = std::uint64_t{1} << 37;

// The same of fuse_init_out::max_stack_depth, the four bytes behind flags2: how deep filesystems may be stacked upon
// each other, this one included. With 1, backing files cannot be on a stacked filesystem (overlayfs), and overlayfs can
// be stacked upon this one.
inline constexpr std::uint32_t kMaxStackDepth = 1;

// Whether the calling thread may have the kernel take backing files: that needs CAP_SYS_ADMIN, and not only within a
// user namespace.
bool may_open_backing_files();

// Has the kernel keep the file open at `fd` as a backing file until close_backing_file(), and longer while files that
// were opened with it are open. Returns its id, above 0, or an errno: ELOOP on a stacked filesystem. `connection` is
// the descriptor of the session. Waits for nobody.
std::expected<std::int32_t, int> open_backing_file(int connection, int fd);

// May wait for the filesystem of the backing file, as close(2) does.
void close_backing_file(int connection, std::int32_t id);

// As fuse_reply_open(), and has the kernel read the file from the backing file `id`. Of `info` it takes fh, noflush and
// direct_io. With direct_io the kernel sends reads to the daemon nevertheless, and only mappings are of the backing
// file.
//
// The rules of the kernel (fs/fuse/iomode.c), otherwise open() fails with EIO: files of one node that are open at the
// same time are all opened with one id, or all without any.
int reply_open_with_backing_file(fuse_req_t request, const fuse_file_info& info, std::int32_t id);

}  // namespace npyfs
