// openat2(2), Linux 5.6, which the C library does not have.
#pragma once

#include <cstdint>
#include <string>

namespace npyfs {

// Opens `path` ("" for the directory itself) from the directory open at `directory`. `resolve` is of RESOLVE_*, to
// which RESOLVE_NO_MAGICLINKS is added, and O_CLOEXEC to the flags. A descriptor; -1 and errno otherwise, EINTR and
// EAGAIN only where it is never anything else.
int openat2(int directory, const std::string& path, int flags, std::uint64_t resolve);

}  // namespace npyfs
