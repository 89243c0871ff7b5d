// What the system says of something in the source, and which one it is.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>

#include "core/base/error.h"

namespace npyfs {

struct SourceStatus : stat {
  // When it was made, in nanoseconds since 1970; 0 where that was not asked for, or its filesystem does not know.
  std::int64_t birth_ns = 0;

  // The same for the same file or directory, whatever is written, renamed or permitted. Filesystems use inode numbers
  // again: what has one of another's is told from it by its birth. Never 0, so that 0 can stand for "any".
  std::uint64_t identity() const;
};

// Of what is open at `fd`. kSystem with errno as the system gives it; `path` is for messages.
Result<SourceStatus> status_of(int fd, const std::string& path);

// Of what `name` is in the directory that is open at `directory`, a link itself; of what is open there where `name` is
// empty. Asks for its birth. Errors as status_of().
Result<SourceStatus> status_with_birth(int directory, const std::string& name, const std::string& path);

}  // namespace npyfs
