// SIGINT, SIGTERM and SIGHUP as a question that long work asks now and then, so that it can clean up.
#pragma once

#include <signal.h>

#include <array>

namespace npyfs {

// In force while it lives; one at a time in a process. Signals that are ignored (nohup) stay ignored.
class Interruption {
 public:
  Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  // A signal that has come takes its usual effect now: it ends the process, so that a shell sees what happened.
  ~Interruption();

  static bool has_come();

 private:
  static constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, kSignals.size()> before_ = {};
};

}  // namespace npyfs
