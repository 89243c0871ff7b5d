// The end of a writable mount: every dirty page of every mapped file reaches the source before npyfs ends.
//
// The kernel drops the dirty pages of a FUSE filesystem whose daemon exits. So before it exits, npyfs has the kernel
// write back and drop the pages of each file that is open for writing. From then on it serves no page of these files: a
// process that still writes to a mapping gets SIGBUS at its next access, instead of a page that would never be written
// back.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/base/mutex.h"
#include "core/writing/range_locks.h"
#include "fs/kernel/kernel_notices.h"

namespace npyfs {

// Thread-safe.
class Drain {
 public:
  // Held while a file is opened for writing, or while pages of such a file are sent to the kernel. False (as a bool)
  // once the drain has begun: then neither may be done any more.
  using Pass = MovableReaderLock;
  Pass pass();

  // To be called for each write of pages that were mapped.
  void note_written_page() { ++written_pages_; }

  // To be called for each of these writes that failed.
  void note_lost_page() { ++lost_pages_; }

  // Returns when the kernel holds no dirty page of a view in `locks`. Other threads must serve the session meanwhile.
  // Returns how many writes of pages have failed: their bytes are lost. To be called once.
  std::uint64_t drain(KernelNotices& notices, const RangeLocks& locks);

 private:
  // Guards no data. All who hold a pass share it until they have replied. Taken before any other lock.
  SharedMutex mutex_;
  std::atomic<bool> has_begun_ = false;
  std::atomic<std::uint64_t> written_pages_ = 0;  // writes
  std::atomic<std::uint64_t> lost_pages_ = 0;     // writes
};

}  // namespace npyfs
