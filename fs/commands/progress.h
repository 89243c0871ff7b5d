// How far a long command is, for a person at a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace npyfs {

enum class ProgressUnit { kFiles, kBytes };

// One line on stderr that is drawn again at most ten times a second, and wiped at the end. Silent where stderr is no
// terminal. Not thread-safe.
class Progress {
 public:
  // `total` may be 0: how much there is is not known yet.
  Progress(std::string what, std::uint64_t total, ProgressUnit unit);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  // `done` of the total, not what has been added.
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
