#include "fs/kernel/backing_files.h"

#include <linux/capability.h>
#include <linux/fuse.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace npyfs {
namespace {

// include/uapi/linux/fuse.h, protocol 7.40, under names of our own: newer kernel headers have them, too.
constexpr std::uint32_t kOpenPassthrough = 1 << 7;  // FOPEN_PASSTHROUGH
struct BackingMap {                                 // fuse_backing_map
  std::int32_t fd;
  std::uint32_t flags;
  std::uint64_t padding;
};
struct OpenReply {  // fuse_open_out; before 7.40 its last member was padding
  std::uint64_t handle;
  std::uint32_t flags;
  std::int32_t backing_id;
};
static_assert(sizeof(OpenReply) == sizeof(fuse_open_out));
constexpr unsigned long kBackingOpen = _IOW(229, 1, BackingMap);      // FUSE_DEV_IOC_BACKING_OPEN
constexpr unsigned long kBackingClose = _IOW(229, 2, std::uint32_t);  // FUSE_DEV_IOC_BACKING_CLOSE

// include/linux/proc_ns.h: PROC_USER_INIT_INO.
constexpr ino_t kFirstUserNamespace = 0xEFFFFFFD;

bool is_in_first_user_namespace() {
  struct stat status;
  return ::stat("/proc/self/ns/user", &status) == 0 && status.st_ino == kFirstUserNamespace;
}

}  // namespace

bool may_open_backing_files() {
  __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets = {};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return false;
  const std::uint32_t effective = sets[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective;
  return (effective & CAP_TO_MASK(CAP_SYS_ADMIN)) != 0 && is_in_first_user_namespace();
}

std::expected<std::int32_t, int> open_backing_file(int connection, int fd) {
  BackingMap map = {.fd = fd, .flags = 0, .padding = 0};
  const int id = ::ioctl(connection, kBackingOpen, &map);
  if (id <= 0) return std::unexpected(id < 0 ? errno : EINVAL);
  return id;
}

void close_backing_file(int connection, std::int32_t id) {
  auto number = static_cast<std::uint32_t>(id);
  (void)::ioctl(connection, kBackingClose, &number);
}

int reply_open_with_backing_file(fuse_req_t request, const fuse_file_info& info, std::int32_t id) {
  std::uint32_t flags = kOpenPassthrough;
  if (info.noflush != 0) flags |= FOPEN_NOFLUSH;
  if (info.direct_io != 0) flags |= FOPEN_DIRECT_IO;
  const OpenReply reply = {.handle = info.fh, .flags = flags, .backing_id = id};
  return fuse_reply_buf(request, reinterpret_cast<const char*>(&reply), sizeof reply);
}

}  // namespace npyfs
