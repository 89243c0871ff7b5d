#include "tests/unit/support/short_reads.h"

#include <sys/types.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

namespace {

thread_local bool is_on = false;
thread_local long count = 0;

}  // namespace

namespace npyfs {

ShortReads::ShortReads() {
  count = 0;
  is_on = true;
}

ShortReads::~ShortReads() {
  is_on = false;
}

long ShortReads::calls() const {
  return count;
}

}  // namespace npyfs

// The linker's names for the function that is called and for the one that it is instead.
extern "C" {

// NOLINTNEXTLINE(bugprone-reserved-identifier)
ssize_t __real_pread64(int fd, void* buffer, std::size_t size, off_t offset);

// NOLINTNEXTLINE(bugprone-reserved-identifier)
ssize_t __wrap_pread64(int fd, void* buffer, std::size_t size, off_t offset) {
  if (!is_on) return __real_pread64(fd, buffer, size, offset);
  if (++count % 2 == 1) {
    errno = EINTR;
    return -1;
  }
  return __real_pread64(fd, buffer, std::min<std::size_t>(size, static_cast<std::size_t>(1 + count / 2 % 7)), offset);
}
}
