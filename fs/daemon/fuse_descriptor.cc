#include "fs/daemon/fuse_descriptor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace npyfs {
namespace {

const dev_t kFuseDevice = makedev(10, 229);  // the kernel's Documentation/admin-guide/devices.txt

}  // namespace

Result<void> take_fuse_descriptor(int fd) {
  struct stat status;
  const bool is_open = ::fstat(fd, &status) == 0;
  if (!is_open || !S_ISCHR(status.st_mode) || status.st_rdev != kFuseDevice) {
    return std::unexpected(Error{ErrorKind::kInvalidArgument, fmt::format("/dev/fd/{}", fd),
                                 is_open ? "is not /dev/fuse: npyfs serves a FUSE connection that is mounted already"
                                         : "is not open: whoever starts npyfs hands over a FUSE connection there"});
  }
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  return {};
}

}  // namespace npyfs
