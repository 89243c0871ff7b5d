#include "core/paths/openat2.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace npyfs {
namespace {

constexpr int kMaxAttempts = 64;  // the kernel returns EAGAIN if something is renamed while it resolves a ".."

}  // namespace

Result<UniqueFd> openat2(int directory, const std::string& path, int flags, std::uint64_t resolve,
                         const std::string& subject) {
  struct open_how how = {};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.resolve = resolve | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 0;; ++attempt) {
    const long fd = ::syscall(SYS_openat2, directory, path.empty() ? "." : path.c_str(), &how, sizeof how);
    if (fd >= 0) return UniqueFd(static_cast<int>(fd));
    const bool is_temporary = errno == EINTR || errno == EAGAIN;
    if (!is_temporary || attempt == kMaxAttempts) return std::unexpected(system_error(subject, "open", errno));
  }
}

}  // namespace npyfs
