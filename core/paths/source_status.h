// The status of a file or directory of the source, and its identity.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/error.h"

namespace npyfs {

struct SourceStatus : stat {
  // Birth time in nanoseconds since 1970; 0 if it was not asked for, or the filesystem does not store it.
  std::int64_t birth_ns = 0;

  // Stays the same for the lifetime of a file or directory: writes, renames and chmod do not change it. Filesystems
  // reuse inode numbers, so the birth time is part of it. Never 0: callers use 0 for "any".
  std::uint64_t identity() const;
};

// fstat(2), without the birth time. Errors are kSystem with the errno of the system; `path` is their subject.
Result<SourceStatus> status_of(int fd, const std::string& path);

// The status, with the birth time, of `name` in the directory open at `directory`; `name` may be "" for what is open
// there. Does not follow a link. Errors as for status_of().
Result<SourceStatus> status_with_birth(int directory, const std::string& name, const std::string& path);

// The same without the birth time, and as this machine knows it: no server and no other process is asked, so on storage
// that is not local it may be old. nullopt with errno if there is none.
std::optional<SourceStatus> status_as_known(int directory, const std::string& name);

}  // namespace npyfs
