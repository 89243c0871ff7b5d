#include "fs/daemon/standard_descriptors.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace npyfs {

Result<void> open_missing_standard_descriptors() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(number, F_GETFD) >= 0) continue;
    // open(2) returns the lowest free number, which is this one.
    if (::open("/dev/null", number == STDIN_FILENO ? O_RDONLY : O_WRONLY) < 0) {
      return std::unexpected(system_error("/dev/null", "open", errno));
    }
  }
  return {};
}

}  // namespace npyfs
