#include "tests/unit/support/backing_files.h"

#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

namespace npyfs {
namespace {

thread_local KernelWithBackingFiles* kernel = nullptr;

constexpr unsigned kFuseDevice = 229;  // FUSE_DEV_IOC_MAGIC
constexpr unsigned kOpenNumber = 1;    // of FUSE_DEV_IOC_BACKING_OPEN
constexpr unsigned kCloseNumber = 2;   // of FUSE_DEV_IOC_BACKING_CLOSE

}  // namespace

KernelWithBackingFiles::KernelWithBackingFiles() {
  kernel = this;
}

KernelWithBackingFiles::~KernelWithBackingFiles() {
  kernel = nullptr;
}

int KernelWithBackingFiles::answer(unsigned long request, const void* argument) {
  if (_IOC_NR(request) == kOpenNumber && refusal == 0) {
    open.insert(++last_id);
    return last_id;
  }
  std::int32_t id = 0;
  std::memcpy(&id, argument, sizeof id);
  if (_IOC_NR(request) == kCloseNumber && open.erase(id) > 0) return 0;
  errno = refusal == 0 ? ENOENT : refusal;
  return -1;
}

}  // namespace npyfs

// The linker's names for the function that is called and for the one that it is instead.
extern "C" {

// NOLINTNEXTLINE(bugprone-reserved-identifier)
int __real_ioctl(int fd, unsigned long request, void* argument);

// NOLINTNEXTLINE(bugprone-reserved-identifier)
int __wrap_ioctl(int fd, unsigned long request, void* argument) {
  if (npyfs::kernel == nullptr || _IOC_TYPE(request) != npyfs::kFuseDevice) return __real_ioctl(fd, request, argument);
  return npyfs::kernel->answer(request, argument);
}

}  // extern "C"
