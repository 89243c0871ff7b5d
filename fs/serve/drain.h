// The end of a writable mount: every dirty page of every mapped file reaches the source first.
//
// The kernel drops the dirty pages of a FUSE filesystem whose daemon goes. So before it goes it has the kernel write
// back and drop the pages of each file that is open for writing, and hands out none of them any more: a process that is
// still writing gets SIGBUS at its next access, instead of a page that nobody would ever write back.
#pragma once

#include <fuse_lowlevel.h>

#include <atomic>
#include <cstdint>
#include <shared_mutex>

#include "core/writing/range_locks.h"

namespace npyfs {

// Thread-safe.
class Drain {
 public:
  // Held while a file is opened for writing or pages of one are handed out; false once the end has begun.
  using Pass = std::shared_lock<std::shared_mutex>;
  Pass pass();

  // To be called for each write of pages that were mapped.
  void note_written_page() { ++written_pages_; }

  // To be called for each of these writes that failed.
  void note_lost_page() { ++lost_pages_; }

  // Returns when no dirty page is left in the kernel. `session` must be served meanwhile, by other threads. Returns how
  // many writes of pages have failed: their bytes are lost.
  std::uint64_t drain(fuse_session* session, const Claims& claims);

 private:
  std::shared_mutex mutex_;  // shared by all who have a pass, while they answer; taken before all locks of core
  std::atomic<bool> has_begun_ = false;
  std::atomic<std::uint64_t> written_pages_ = 0;  // writes
  std::atomic<std::uint64_t> lost_pages_ = 0;
};

}  // namespace npyfs
