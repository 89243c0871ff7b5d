#include "core/base/write_all.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace npyfs {
namespace {

// What is left of `pieces` after their first `size` bytes. No empty piece comes first.
std::span<iovec> without_first(std::uint64_t size, std::span<iovec> pieces) {
  while (!pieces.empty() && size >= pieces.front().iov_len) {
    size -= pieces.front().iov_len;
    pieces = pieces.subspan(1);
  }
  if (!pieces.empty()) {
    pieces.front().iov_base = static_cast<std::byte*>(pieces.front().iov_base) + size;
    pieces.front().iov_len -= size;
  }
  return pieces;
}

// The error of a write that returned `written`, which is not positive. 0 must not be tried again: that may never end.
Error write_error(ssize_t written, const std::string& path) {
  return system_error(path, "write", written < 0 ? errno : EIO);
}

}  // namespace

Result<void> pwrite_all(int fd, std::span<const std::byte> bytes, std::uint64_t offset, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return std::unexpected(write_error(written, path));
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return {};
}

Result<void> pwritev_all(int fd, std::span<iovec> pieces, std::uint64_t offset, const std::string& path) {
  pieces = without_first(0, pieces);
  while (!pieces.empty()) {
    const auto count = static_cast<int>(std::min<std::size_t>(pieces.size(), IOV_MAX));
    const ssize_t written = ::pwritev(fd, pieces.data(), count, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return std::unexpected(write_error(written, path));
    pieces = without_first(static_cast<std::uint64_t>(written), pieces);
    offset += static_cast<std::uint64_t>(written);
  }
  return {};
}

}  // namespace npyfs
