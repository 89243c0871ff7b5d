#include "fs/log/repeat_filter.h"

#include <utility>

namespace npyfs {

std::optional<std::uint64_t> RepeatFilter::pass(std::uint64_t thing, Clock::time_point now) {
  const MutexLock lock(mutex_);
  Slot& slot = slots_[thing % slots_.size()];
  if (!slot.is_used || slot.thing != thing) slot = {.thing = thing, .since = now, .is_used = true};
  if (now - slot.since >= interval_) {
    slot.since = now;
    slot.passed = 0;
  }
  if (slot.passed == lines_) {
    ++slot.left_out;
    return std::nullopt;
  }
  ++slot.passed;
  return std::exchange(slot.left_out, 0);
}

void RepeatFilter::take_back(std::uint64_t thing, std::uint64_t left_out) {
  const MutexLock lock(mutex_);
  Slot& slot = slots_[thing % slots_.size()];
  if (!slot.is_used || slot.thing != thing) return;  // another thing has taken its slot
  slot.left_out += left_out + 1;
  if (slot.passed > 0) --slot.passed;
}

void RepeatFilter::clear() {
  const MutexLock lock(mutex_);
  slots_.fill({});
}

}  // namespace npyfs
