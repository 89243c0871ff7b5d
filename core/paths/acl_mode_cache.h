// The permissions that access control lists leave of modes. The cache reads the list of a file once until it changes.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "core/base/error.h"
#include "core/base/mutex.h"
#include "core/paths/source_status.h"

namespace npyfs {

// Thread-safe. A full cache is cleared, and lists are read again.
class AclModeCache {
 public:
  // As status_with_birth(), but st_mode is what mode_within() leaves of it: who is granted access by this mode has at
  // most what the list grants. Reads the list of a file that is not in the cache, or whose timestamps are racy (see
  // is_racy()).
  Result<SourceStatus> status(int directory, const std::string& name, const std::string& path);

 private:
  struct Known {
    std::int64_t ctime_ns;  // changes with the mode and with the list
    mode_t mode;
  };
  static constexpr std::size_t kMaxKnown = 65536;  // files; 4 MiB

  std::optional<mode_t> find(const SourceStatus& status) EXCLUDES(mutex_);
  void note(const SourceStatus& status, mode_t mode) EXCLUDES(mutex_);

  Mutex mutex_;                                                        // No other lock is taken while it is held.
  std::unordered_map<std::uint64_t, Known> known_ GUARDED_BY(mutex_);  // by SourceStatus::identity()
};

}  // namespace npyfs
