// Reading ahead of a sequential reader whose source is not in the page cache.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/base/extent.h"
#include "core/base/mutex.h"

namespace npyfs {

// Watches the reads of one open file and says what to ask the disk for, each range once: asking for the same range
// again costs more than it gives. Thread-safe.
//
// While a source is in the page cache there is nothing to be won, and looking for pages that are there has its price:
// so nothing is asked for until a read had to wait for the disk.
class ReadAhead {
 public:
  // What is asked for beyond the end of a read. Measured on a disk of 5 GiB/s: less leaves it idle between requests,
  // more gives nothing.
  static constexpr std::uint64_t kDistance = std::uint64_t{8} << 20;
  // Not less than this at a time.
  static constexpr std::uint64_t kStep = std::uint64_t{2} << 20;

  // To be called before each read of contiguous source bytes. Returns what to ask the disk for first: size 0 for
  // nothing. `end` is where the view ends in the source.
  Extent before_read(Extent read, std::uint64_t end);

  // To be called when a read had to wait for the disk.
  void note_wait() { is_cold_ = true; }

 private:
  std::atomic<bool> is_cold_ = false;
  Mutex mutex_;                                // a leaf: no other lock is taken while it is held
  std::uint64_t next_ GUARDED_BY(mutex_) = 0;  // where the furthest sequential read has ended
  std::uint64_t asked_until_ GUARDED_BY(mutex_) = 0;
};

}  // namespace npyfs
