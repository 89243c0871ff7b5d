// openat2(2), which glibc 2.36 has no function for. New in Linux 5.6.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace npyfs {

// Opens `path` ("" is the directory itself) relative to the directory open at `directory`. O_CLOEXEC is added to
// `flags`, and RESOLVE_NO_MAGICLINKS to `resolve`, which takes the RESOLVE_* flags of openat2(2). Repeats the call
// after EINTR and EAGAIN, 64 times at most. Errors are kSystem with the errno of openat2(2); `subject` is their
// subject.
Result<UniqueFd> openat2(int directory, const std::string& path, int flags, std::uint64_t resolve,
                         const std::string& subject);

}  // namespace npyfs
