#include "fs/repeat_filter.h"

#include <utility>

namespace npyfs {

std::optional<std::uint64_t> RepeatFilter::pass(std::uint64_t thing, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  Slot& slot = slots_[thing % slots_.size()];
  if (!slot.is_used || slot.thing != thing) {
    slot = {thing, now, 0, true};
    return 0;
  }
  if (now - slot.passed < interval_) {
    ++slot.left_out;
    return std::nullopt;
  }
  slot.passed = now;
  return std::exchange(slot.left_out, 0);
}

}  // namespace npyfs
