#include "fs/daemon/privileges.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

namespace npyfs {
namespace {

// CAP_SYS_ADMIN is for umount(2) and for backing files (fs/kernel/backing_files.h).
constexpr std::uint64_t kToReadAndUnmount = std::uint64_t{1} << CAP_DAC_READ_SEARCH | std::uint64_t{1} << CAP_SYS_ADMIN;
constexpr std::uint64_t kToWrite = std::uint64_t{1} << CAP_DAC_OVERRIDE;

}  // namespace

Result<void> drop_privileges(bool writable) {
  if (::geteuid() != 0) return {};
  const std::uint64_t all_needed = kToReadAndUnmount | (writable ? kToWrite : 0);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return std::unexpected(system_error("privileges", "prctl", errno));
  __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets;
  if (::syscall(SYS_capget, &header, sets.data()) != 0) {
    return std::unexpected(system_error("privileges", "capget", errno));
  }
  for (std::size_t i = 0; i < sets.size(); ++i) {
    const auto needed = static_cast<std::uint32_t>(all_needed >> (32 * i));
    sets[i] = {.effective = sets[i].effective & needed, .permitted = sets[i].permitted & needed, .inheritable = 0};
  }
  if (::syscall(SYS_capset, &header, sets.data()) != 0) {
    return std::unexpected(system_error("privileges", "capset", errno));
  }
  return {};
}

}  // namespace npyfs
