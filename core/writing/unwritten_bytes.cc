#include "core/writing/unwritten_bytes.h"

#include <algorithm>
#include <iterator>

namespace npyfs {

void UnwrittenBytes::truncate(Extent body, std::uint64_t opener) {
  const MutexLock lock(mutex_);
  may_take_back_ = gaps_.empty() || may_take_back_ == opener ? opener : kNobody;
  gaps_.clear();
  keeps_rows_ = false;
  if (body.size > 0) gaps_.emplace(body.offset, body.end());
}

void UnwrittenBytes::note_write(Extent bytes) {
  const MutexLock lock(mutex_);
  if (bytes.size == 0 || gaps_.empty()) return;
  may_take_back_ = kNobody;
  remove(bytes);
}

void UnwrittenBytes::remove(Extent bytes) {
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

bool UnwrittenBytes::may_take_back(std::uint64_t opener) const {
  const MutexLock lock(mutex_);
  return may_take_back_ == opener && !gaps_.empty();
}

void UnwrittenBytes::keep_rows(std::uint64_t opener) {
  const MutexLock lock(mutex_);
  if (may_take_back_ == opener && !gaps_.empty()) keeps_rows_ = true;
}

std::uint64_t UnwrittenBytes::kept_bytes() const {
  const MutexLock lock(mutex_);
  std::uint64_t kept = 0;
  for (const auto& [start, end] : gaps_) kept += keeps_rows_ ? end - start : 0;
  return kept;
}

Result<void> UnwrittenBytes::fill_gap(Extent gap, const WriteZeros& write_zeros) {
  may_take_back_ = kNobody;
  if (auto written = write_zeros(gap); !written) return written;
  remove(gap);
  return {};
}

Result<void> UnwrittenBytes::fill(Extent wanted, const WriteZeros& write_zeros) {
  const MutexLock lock(mutex_);
  while (!keeps_rows_) {
    auto gap = gaps_.upper_bound(wanted.offset);
    if (gap != gaps_.begin() && std::prev(gap)->second > wanted.offset) --gap;
    if (gap == gaps_.end() || gap->first >= wanted.end()) return {};
    const std::uint64_t start = std::max(gap->first, wanted.offset);
    const Extent part{start, std::min(gap->second, wanted.end()) - start};
    if (auto filled = fill_gap(part, write_zeros); !filled) return filled;
  }
  return {};
}

Result<void> UnwrittenBytes::fill_surplus(const WriteZeros& write_zeros) {
  const MutexLock lock(mutex_);
  while (gaps_.size() > kMaxGaps) {
    if (keeps_rows_) {  // what lies between two gaps counts as not written
      const auto second = std::next(gaps_.begin());
      gaps_.begin()->second = second->second;
      gaps_.erase(second);
      continue;
    }
    const auto [start, end] = *gaps_.begin();
    if (auto filled = fill_gap({start, end - start}, write_zeros); !filled) return filled;
  }
  return {};
}

}  // namespace npyfs
