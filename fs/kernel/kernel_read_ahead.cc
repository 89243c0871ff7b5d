#include "fs/kernel/kernel_read_ahead.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <fstream>

namespace npyfs {

std::uint64_t raise_kernel_read_ahead(const std::string& mountpoint, std::uint64_t bytes) {
  struct statx status;
  // Without DONT_SYNC the kernel would send a request to the daemon: this one, which would wait for itself.
  if (::statx(AT_FDCWD, mountpoint.c_str(), AT_STATX_DONT_SYNC, STATX_TYPE, &status) != 0) return 0;
  if (!S_ISDIR(status.stx_mode)) return 0;  // /dev/fd/N: another process has mounted, we do not know where
  const auto setting = fmt::format("/sys/class/bdi/{}:{}/read_ahead_kb", status.stx_dev_major, status.stx_dev_minor);
  std::uint64_t kib = 0;
  std::ifstream(setting) >> kib;
  if (kib == 0 || kib * 1024 >= bytes) return kib * 1024;
  std::ofstream(setting) << bytes / 1024 << '\n';
  std::ifstream(setting) >> kib;
  return kib * 1024;
}

}  // namespace npyfs
