// Which of many lines about one thing are worth writing.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

namespace npyfs {

// Lets some lines about a thing pass in every interval and counts the others. Allocates nothing. Where two things meet
// in one slot, lines too many are written. Thread-safe.
class RepeatFilter {
 public:
  using Clock = std::chrono::steady_clock;

  RepeatFilter(Clock::duration interval, std::uint64_t lines) : interval_(interval), lines_(lines) {}

  // For a line about `thing`, the hash of whatever tells it from others: how many were left out since the last one that
  // passed, or nothing where this one is to be left out, too.
  std::optional<std::uint64_t> pass(std::uint64_t thing, Clock::time_point now);

  // For a line that pass() let through with `left_out` and that was left out after all: the next one is to tell of
  // both.
  void take_back(std::uint64_t thing, std::uint64_t left_out);

  // As if no line had come yet.
  void clear();

 private:
  struct Slot {
    std::uint64_t thing = 0;
    Clock::time_point since;     // when its interval began
    std::uint64_t passed = 0;    // in that interval
    std::uint64_t left_out = 0;  // since the last one that passed
    bool is_used = false;
  };

  const Clock::duration interval_;
  const std::uint64_t lines_;  // about one thing, in an interval
  std::mutex mutex_;           // guards slots_; a leaf
  std::array<Slot, 256> slots_;
};

}  // namespace npyfs
