#include "tests/unit/support/before_watching.h"

#include <cerrno>
#include <cstdint>

namespace npyfs {

std::function<int()> before_watching;

}  // namespace npyfs

// The linker's names for the function that is called and for the one that it is instead.
extern "C" {

// NOLINTNEXTLINE(bugprone-reserved-identifier)
int __real_inotify_add_watch(int inotify, const char* path, std::uint32_t events);

// NOLINTNEXTLINE(bugprone-reserved-identifier)
int __wrap_inotify_add_watch(int inotify, const char* path, std::uint32_t events) {
  errno = npyfs::before_watching ? npyfs::before_watching() : 0;
  return errno != 0 ? -1 : __real_inotify_add_watch(inotify, path, events);
}
}
