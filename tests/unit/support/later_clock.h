// A clock of files that goes ahead when a test wants it to, so that what a test has just written is not racy (see
// is_racy()), without a wait. Linking later_clock.cc with --wrap=clock_gettime puts it in the way.
#pragma once

#include <ctime>

namespace npyfs {

// While it lives, file_clock() is ahead by this much in every thread. One at a time.
class LaterClock {
 public:
  explicit LaterClock(std::time_t seconds = 60);
  LaterClock(const LaterClock&) = delete;
  LaterClock& operator=(const LaterClock&) = delete;
  ~LaterClock();
};

}  // namespace npyfs
