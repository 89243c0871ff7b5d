#include "tests/unit/support/failing_calls.h"

#include <sys/mman.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstddef>
#include <optional>
#include <utility>

namespace npyfs {
namespace {

thread_local std::optional<FailingCall> failing;
thread_local int failure = 0;
thread_local std::function<void()> before_mmap;

}  // namespace

CallFailure::CallFailure(FailingCall call, int error) {
  failing = call;
  failure = error;
}

CallFailure::~CallFailure() {
  failing.reset();
}

BeforeMmap::BeforeMmap(std::function<void()> call) {
  before_mmap = std::move(call);
}

BeforeMmap::~BeforeMmap() {
  before_mmap = nullptr;
}

}  // namespace npyfs

// The linker's names for the functions that are called and for those that they are instead.
extern "C" {

// NOLINTNEXTLINE(bugprone-reserved-identifier)
void* __real_mmap64(void* address, std::size_t size, int protection, int flags, int fd, off_t offset);

// NOLINTNEXTLINE(bugprone-reserved-identifier)
void* __wrap_mmap64(void* address, std::size_t size, int protection, int flags, int fd, off_t offset) {
  if (npyfs::before_mmap) npyfs::before_mmap();
  if (npyfs::failing != npyfs::FailingCall::kMmap) return __real_mmap64(address, size, protection, flags, fd, offset);
  errno = npyfs::failure;
  return MAP_FAILED;
}

// NOLINTNEXTLINE(bugprone-reserved-identifier)
ssize_t __real_read(int fd, void* buffer, std::size_t size);

// NOLINTNEXTLINE(bugprone-reserved-identifier)
ssize_t __wrap_read(int fd, void* buffer, std::size_t size) {
  if (npyfs::failing != npyfs::FailingCall::kRead) return __real_read(fd, buffer, size);
  errno = npyfs::failure;
  return npyfs::failure == 0 ? 0 : -1;
}

// NOLINTNEXTLINE(bugprone-reserved-identifier)
ssize_t __real_getxattr(const char* path, const char* name, void* value, std::size_t size);

// NOLINTNEXTLINE(bugprone-reserved-identifier)
ssize_t __wrap_getxattr(const char* path, const char* name, void* value, std::size_t size) {
  if (npyfs::failing != npyfs::FailingCall::kGetxattr) return __real_getxattr(path, name, value, size);
  errno = npyfs::failure;
  return npyfs::failure == 0 ? 0 : -1;
}

// NOLINTNEXTLINE(bugprone-reserved-identifier)
ssize_t __real_pwrite64(int fd, const void* buffer, std::size_t size, off_t offset);

// NOLINTNEXTLINE(bugprone-reserved-identifier)
ssize_t __wrap_pwrite64(int fd, const void* buffer, std::size_t size, off_t offset) {
  if (npyfs::failing != npyfs::FailingCall::kPwrite) return __real_pwrite64(fd, buffer, size, offset);
  errno = npyfs::failure;
  return npyfs::failure == 0 ? 0 : -1;
}

// NOLINTNEXTLINE(bugprone-reserved-identifier)
ssize_t __real_pwritev64(int fd, const iovec* pieces, int count, off_t offset);

// NOLINTNEXTLINE(bugprone-reserved-identifier)
ssize_t __wrap_pwritev64(int fd, const iovec* pieces, int count, off_t offset) {
  if (npyfs::failing != npyfs::FailingCall::kPwritev) return __real_pwritev64(fd, pieces, count, offset);
  errno = npyfs::failure;
  return npyfs::failure == 0 ? 0 : -1;
}
}
