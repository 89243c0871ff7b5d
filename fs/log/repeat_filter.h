// Limits how many lines about one thing are logged in an interval.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "core/base/mutex.h"

namespace npyfs {

// Lets a number of lines about each thing pass in an interval, and counts the others. A table of 256 slots, by hash:
// two things that share a slot push each other out, and then too many lines pass. Allocates nothing. Thread-safe.
class RepeatFilter {
 public:
  using Clock = std::chrono::steady_clock;

  RepeatFilter(Clock::duration interval, std::uint64_t lines) : interval_(interval), lines_(lines) {}

  // For a line about `thing`, a hash of what the line is about. If the line may pass: how many lines about the thing
  // were left out since the last one that passed. nullopt if this line must be left out as well.
  std::optional<std::uint64_t> pass(std::uint64_t thing, Clock::time_point now);

  // Undoes a pass() that returned `left_out`, for a line that was left out after all. The next line that passes gets
  // the count of both.
  void take_back(std::uint64_t thing, std::uint64_t left_out);

  // Forgets all lines.
  void clear();

 private:
  struct Slot {
    std::uint64_t thing = 0;
    Clock::time_point since;     // the beginning of its interval
    std::uint64_t passed = 0;    // lines, in that interval
    std::uint64_t left_out = 0;  // lines, since the last one that passed
    bool is_used = false;
  };

  const Clock::duration interval_;
  const std::uint64_t lines_;  // about one thing, in an interval
  Mutex mutex_;                // no other lock is taken while holding it
  std::array<Slot, 256> slots_ GUARDED_BY(mutex_);
};

}  // namespace npyfs
