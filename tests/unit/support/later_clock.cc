#include "tests/unit/support/later_clock.h"

#include <atomic>

namespace npyfs {
namespace {

std::atomic<std::time_t> ahead = 0;

}  // namespace

LaterClock::LaterClock(std::time_t seconds) {
  ahead = seconds;
}

LaterClock::~LaterClock() {
  ahead = 0;
}

}  // namespace npyfs

// The linker's names for the function that is called and for the one that it is instead.
extern "C" {

// NOLINTNEXTLINE(bugprone-reserved-identifier)
int __real_clock_gettime(clockid_t clock, timespec* time);

// NOLINTNEXTLINE(bugprone-reserved-identifier)
int __wrap_clock_gettime(clockid_t clock, timespec* time) {
  const int result = __real_clock_gettime(clock, time);
  if (clock == CLOCK_REALTIME_COARSE) time->tv_sec += npyfs::ahead;
  return result;
}
}
