#include "core/paths/openat2.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace npyfs {
namespace {

constexpr int kMaxAttempts = 64;  // EAGAIN while a rename is under way above a ".."

}  // namespace

int openat2(int directory, const std::string& path, int flags, std::uint64_t resolve) {
  struct open_how how = {};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.resolve = resolve | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 0;; ++attempt) {
    const long fd = ::syscall(SYS_openat2, directory, path.empty() ? "." : path.c_str(), &how, sizeof how);
    if (fd >= 0 || (errno != EINTR && errno != EAGAIN) || attempt == kMaxAttempts) return static_cast<int>(fd);
  }
}

}  // namespace npyfs
