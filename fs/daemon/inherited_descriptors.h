// The descriptors that a program has when it starts: 0 to 2, which may be missing, and others, which a daemon must not
// keep.
#pragma once

#include <array>
#include <optional>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace npyfs {

// Opens /dev/null at each of 0 (for reading), 1 and 2 (for writing) that is closed (`npyfs SOURCE MOUNTPOINT <&-`).
// Children inherit them. Without this, files that npyfs opens would get these numbers: messages would be written into
// them, and going to the background would replace them. Call it before anything is opened.
Result<void> open_missing_standard_descriptors();

// Closes all descriptors from 3 on except `kept`. A daemon that kept them would hold locks (flock(1)) and pipes of
// whoever started it. Call it before anything is opened. Without close_range(2) (Linux 5.9) and without /proc it does
// nothing.
void close_inherited_descriptors(std::optional<int> kept);

// While the object lives, descriptors 0 and 1 are /dev/null and 2 is a file in memory, so that a process started
// meanwhile does not hold the streams of npyfs open as long as it runs. At the end they are restored, and stderr gets
// what was written into the file. Where the system is short of descriptors or memory nothing is replaced.
class DetachedStandardStreams {
 public:
  DetachedStandardStreams();
  DetachedStandardStreams(const DetachedStandardStreams&) = delete;
  DetachedStandardStreams& operator=(const DetachedStandardStreams&) = delete;
  ~DetachedStandardStreams();

 private:
  std::array<UniqueFd, 3> originals_;
  UniqueFd messages_;
  bool replaced_ = false;
};

}  // namespace npyfs
