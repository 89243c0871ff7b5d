#include "core/io/read_ahead.h"

#include <sys/resource.h>

#include <algorithm>

namespace npyfs {

long voluntary_waits() {
  rusage usage;
  return ::getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nvcsw : 0;
}

Extent ReadAhead::before_read(Extent read, std::uint64_t end) {
  const MutexLock lock(mutex_);
  // A reader may have several reads in flight, and they may arrive in any order.
  const bool is_sequential = read.offset <= next_ + kStep && read.offset + kStep >= next_;
  next_ = is_sequential ? std::max(next_, read.offset + read.size) : read.offset + read.size;
  if (!is_sequential) {
    is_cold_ = false;
    asked_until_ = next_;
  }
  if (!is_cold_) return {};
  const std::uint64_t start = std::max(asked_until_, next_);
  const std::uint64_t wanted = std::min(end, next_ + kDistance);
  if (wanted <= start || (wanted - start < kStep && wanted < end)) return {};
  asked_until_ = wanted;
  return {start, wanted - start};
}

void ReadAhead::note_prefetched(bool waited) {
  if (waited) {
    cached_parts_ = 0;
  } else if (++cached_parts_ >= kMostCached) {
    is_cold_ = false;
    cached_parts_ = 0;
  }
}

}  // namespace npyfs
