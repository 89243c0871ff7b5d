// Positioned writes that write everything or report an error.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "core/base/error.h"

namespace npyfs {

// Writes all of `bytes` to the file open at `fd`, from `offset` (bytes) on. Repeats the call after EINTR and after a
// short write. Errors are kSystem with the errno of pwrite(2), or EIO if pwrite writes nothing; `path` is their
// subject. After an error some of the bytes may have been written. Thread-safe: the descriptor's own offset is not
// used.
Result<void> pwrite_all(int fd, std::span<const std::byte> bytes, std::uint64_t offset, const std::string& path);

// The same for pieces that are written one after the other. Changes the elements of `pieces`, not what they point to.
// There may be more of them than IOV_MAX.
Result<void> pwritev_all(int fd, std::span<iovec> pieces, std::uint64_t offset, const std::string& path);

}  // namespace npyfs
