// Modes less what access control lists take away, known by the files' versions: a list is read once while it stands.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "core/base/error.h"
#include "core/paths/source_status.h"

namespace npyfs {

// Thread-safe. Of bounded size: at times all is forgotten, and lists are read again.
class AclModeCache {
 public:
  // The status of `name` in the directory that is open at `directory`, or of what is open there where that is empty, as
  // status_with_birth() has it, but with mode_within() its list for its mode. Whoever goes by the mode gets no more
  // than the list grants. Costs a look at the list where the file is new here, or its times lie so little back that
  // they do not tell of every change (see is_racy()).
  Result<SourceStatus> status(int directory, const std::string& name, const std::string& path);

 private:
  struct Known {
    timespec ctime;  // moves where the mode or the list does
    mode_t mode;
  };
  static constexpr std::size_t kMaxKnown = 65536;  // 4 MiB

  std::optional<mode_t> find(const SourceStatus& status);
  void note(const SourceStatus& status, mode_t mode);

  std::mutex mutex_;                                // guards known_; a leaf
  std::unordered_map<std::uint64_t, Known> known_;  // by SourceStatus::identity()
};

}  // namespace npyfs
