// The mount that the source is on, and the mount that replaces it after an unmount.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "core/paths/mount_table.h"

namespace npyfs {

// Not thread-safe.
class SourceMount {
 public:
  // `root` is open on the source, and `path` is the source's absolute path without links. npyfs is mounted at
  // `own_mount_point`, also such a path, or nowhere (""). If the system does not tell about mounts (no /proc, Linux
  // before 5.8), replacement() never finds anything.
  SourceMount(int root, std::string path, std::string own_mount_point);

  // For poll(2): has POLLPRI after anything was mounted or unmounted anywhere. -1 if the system does not tell.
  int descriptor() const { return table_.get(); }

  // The source on the mount that has replaced its mount, open for reading; once for each such mount. A mount is
  // replaced if it was unmounted (lazily: what is open on it still works) and another one was mounted on the same mount
  // point. nullopt if there is no such mount, or it has no such directory: what an unmount uncovers is not the source.
  // An error, once for each such mount, if the source must not be opened there: see why_not_to_open(). Never waits for
  // another process.
  //
  // A mount on top of the source (perhaps npyfs itself) replaces nothing: the source's own mount is still there.
  Result<std::optional<UniqueFd>> replacement();

 private:
  UniqueFd table_;  // /proc/self/mountinfo
  SourceLocation source_;
  std::uint64_t refused_ = 0;  // ID of the mount that replacement() refused last, while it is there; 0 for none
};

}  // namespace npyfs
