// The mount that the source is on, and whether another one has taken its place.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "core/paths/mount_table.h"

namespace npyfs {

// For one thread.
class SourceMount {
 public:
  // `root` is open on the source, whose absolute path without links is `path`; npyfs is mounted at `mountpoint`,
  // another such path, or nowhere (""). Where the system does not tell of mounts (no /proc, before Linux 5.8), nothing
  // ever takes the place of this one.
  SourceMount(int root, std::string path, std::string mountpoint);

  // Readable by poll(2), POLLPRI, when something was mounted or unmounted anywhere; -1 where the system does not tell.
  int descriptor() const { return table_.get(); }

  // The source once more, open for reading, where its mount was unmounted (lazily: what is open on it goes on working)
  // and another one was mounted in the same place. As long as there is none, or the source is not there, it is nothing:
  // what lay beneath the mount is not the source. An error, once for each mount, where the one in its place is not to
  // be opened (see why_not_to_open()). Waits for no other process.
  //
  // Only what was unmounted is replaced. Something that is mounted over the source, as npyfs itself may be, hides it
  // from others alone.
  Result<std::optional<UniqueFd>> replacement();

 private:
  UniqueFd table_;  // /proc/self/mountinfo
  SourcePlace source_;
  std::uint64_t refused_ = 0;  // the number of the mount that was refused last, as long as it is there
};

}  // namespace npyfs
