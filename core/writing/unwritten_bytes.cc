#include "core/writing/unwritten_bytes.h"

#include <iterator>

namespace npyfs {

void UnwrittenBytes::truncate(Extent body, std::uint64_t opener) {
  const MutexLock lock(mutex_);
  may_take_back_ = gaps_.empty() || may_take_back_ == opener ? opener : kNobody;
  gaps_.clear();
  if (body.size > 0) gaps_.emplace(body.offset, body.end());
}

void UnwrittenBytes::note_write(Extent bytes) {
  const MutexLock lock(mutex_);
  if (bytes.size == 0 || gaps_.empty()) return;
  may_take_back_ = kNobody;
  auto gap = gaps_.upper_bound(bytes.offset);
  if (gap != gaps_.begin()) --gap;
  while (gap != gaps_.end() && gap->first < bytes.end()) {
    const auto [start, end] = *gap;
    if (end <= bytes.offset) {
      ++gap;
      continue;
    }
    if (end > bytes.end()) gaps_.emplace_hint(std::next(gap), bytes.end(), end);
    if (start < bytes.offset) {
      gap->second = bytes.offset;
      ++gap;
    } else {
      gap = gaps_.erase(gap);
    }
  }
}

void UnwrittenBytes::note_refusal(std::uint64_t opener) {
  const MutexLock lock(mutex_);
  if (may_take_back_ == opener) gaps_.clear();
}

Result<void> UnwrittenBytes::fill(const WriteZeros& write_zeros) {
  const MutexLock lock(mutex_);
  while (!gaps_.empty()) {
    const auto [start, end] = *gaps_.begin();
    may_take_back_ = kNobody;
    if (auto written = write_zeros({start, end - start}); !written) return written;
    gaps_.erase(gaps_.begin());
  }
  return {};
}

bool UnwrittenBytes::has_too_many_gaps() const {
  const MutexLock lock(mutex_);
  return gaps_.size() > kMaxGaps;
}

}  // namespace npyfs
