// A progress bar on stderr, for a person at a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace npyfs {

enum class ProgressUnit { kFiles, kBytes };

// One line on stderr, redrawn at most ten times a second and erased at the end. Prints nothing where stderr is no
// terminal. Not thread-safe.
class Progress {
 public:
  // A `total` of 0 means: not known yet.
  Progress(std::string what, std::uint64_t total, ProgressUnit unit);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  // `done` is the sum so far, not an increment.
  void reached(std::uint64_t done);

 private:
  const std::string what_;
  const std::uint64_t total_;
  const ProgressUnit unit_;
  const bool is_terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point drawn_at_;
};

// "checking [####    ] 50% 512 of 1024 files", at most `width` characters long.
std::string progress_line(std::string_view what, std::uint64_t done, std::uint64_t total, ProgressUnit unit,
                          std::size_t width);

}  // namespace npyfs
