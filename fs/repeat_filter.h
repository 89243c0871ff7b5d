// Which of many lines about one thing are worth writing.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

namespace npyfs {

// Lets one line about a thing pass in every interval and counts the others. Allocates nothing. Where two things meet in
// one slot, a line too many is written. Thread-safe.
class RepeatFilter {
 public:
  using Clock = std::chrono::steady_clock;

  explicit RepeatFilter(Clock::duration interval) : interval_(interval) {}

  // For a line about `thing`, the hash of whatever tells it from others: how many were left out since the last one that
  // passed, or nothing where this one is to be left out, too.
  std::optional<std::uint64_t> pass(std::uint64_t thing, Clock::time_point now);

 private:
  struct Slot {
    std::uint64_t thing = 0;
    Clock::time_point passed;
    std::uint64_t left_out = 0;
    bool is_used = false;
  };

  const Clock::duration interval_;
  std::mutex mutex_;  // guards slots_; a leaf
  std::array<Slot, 256> slots_;
};

}  // namespace npyfs
