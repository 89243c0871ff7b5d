// Lets long work poll for SIGINT, SIGTERM and SIGHUP, so that it can clean up before the process ends.
#pragma once

#include <signal.h>

#include <array>

namespace npyfs {

// Handles the signals while the object lives; at most one object per process at a time. Ignored signals (nohup) stay
// ignored.
class Interruption {
 public:
  Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  // Restores the handlers. If a signal has come, raises it again: the process ends by it, and a shell sees that.
  ~Interruption();

  static bool has_come();

 private:
  static constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, kSignals.size()> before_ = {};
};

}  // namespace npyfs
