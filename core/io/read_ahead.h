// Read-ahead for sequential readers whose source is not in the page cache.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/base/extent.h"
#include "core/base/mutex.h"

namespace npyfs {

// How often this thread has blocked so far. If that has changed after a read, the read had to wait for the disk.
long voluntary_waits();

// Observes the reads of one open file and decides which range to read ahead. Returns each range once, because asking
// for the same range again costs more than it gains. Thread-safe.
//
// While the source is in the page cache, read-ahead gains nothing and costs page cache lookups. So nothing is read
// ahead until a read had to wait for the disk.
class ReadAhead {
 public:
  // How far beyond the end of a read to read ahead, in bytes. Measured on a disk of 5 GiB/s: less leaves it idle
  // between requests, more gains nothing.
  static constexpr std::uint64_t kDistance = std::uint64_t{8} << 20;
  // The least to read ahead at a time, in bytes, except at the end.
  static constexpr std::uint64_t kStep = std::uint64_t{2} << 20;

  // To be called before each read. `read` is its range in the body of the view, `end` the size of the body, in bytes.
  // Returns the range of the body to read ahead; size 0: nothing.
  Extent before_read(Extent read, std::uint64_t end);

  // To be called after a read that had to wait for the disk.
  void note_wait() { is_cold_ = true; }

  // To be called after a part of a range was read ahead. `waited`: for the disk. After kMostCached parts in a row that
  // were in the page cache already, nothing more is read ahead until a read has to wait again.
  void note_prefetched(bool waited);
  static constexpr int kMostCached = 8;

 private:
  std::atomic<bool> is_cold_ = false;
  std::atomic<int> cached_parts_ = 0;          // in a row
  Mutex mutex_;                                // No other lock is taken while it is held.
  std::uint64_t next_ GUARDED_BY(mutex_) = 0;  // end of the furthest sequential read
  std::uint64_t asked_until_ GUARDED_BY(mutex_) = 0;
};

}  // namespace npyfs
