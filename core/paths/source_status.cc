#include "core/paths/source_status.h"

#include <fcntl.h>
#include <sys/sysmacros.h>

#include <cerrno>

#include "core/base/hash.h"
#include "core/paths/file_version.h"

namespace npyfs {
namespace {

// What has the name, not what it leads to. No automount, as for fstatat(2).
constexpr int kItself = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT;

struct timespec time_of(const struct statx_timestamp& time) {
  return {.tv_sec = time.tv_sec, .tv_nsec = static_cast<long>(time.tv_nsec)};
}

// Without the birth time, which some filesystems say unasked.
SourceStatus from_statx(const struct statx& found) {
  SourceStatus status = {};
  status.st_dev = ::makedev(found.stx_dev_major, found.stx_dev_minor);
  status.st_rdev = ::makedev(found.stx_rdev_major, found.stx_rdev_minor);
  status.st_ino = found.stx_ino;
  status.st_mode = found.stx_mode;
  status.st_nlink = found.stx_nlink;
  status.st_uid = found.stx_uid;
  status.st_gid = found.stx_gid;
  status.st_size = static_cast<off_t>(found.stx_size);
  status.st_blocks = static_cast<blkcnt_t>(found.stx_blocks);
  status.st_blksize = static_cast<blksize_t>(found.stx_blksize);
  status.st_atim = time_of(found.stx_atime);
  status.st_mtim = time_of(found.stx_mtime);
  status.st_ctim = time_of(found.stx_ctime);
  return status;
}

}  // namespace

std::uint64_t SourceStatus::identity() const {
  return mix(mix(st_dev, st_ino), static_cast<std::uint64_t>(birth_ns)) | 1;
}

Result<SourceStatus> status_of(int fd, const std::string& path) {
  SourceStatus status;
  if (::fstat(fd, &status) != 0) return std::unexpected(system_error(path, "stat", errno));
  return status;
}

Result<SourceStatus> status_with_birth(int directory, const std::string& name, const std::string& path) {
  struct statx found;
  if (::statx(directory, name.c_str(), kItself, STATX_BASIC_STATS | STATX_BTIME, &found) != 0) {
    return std::unexpected(system_error(path, "stat", errno));
  }
  SourceStatus status = from_statx(found);
  if ((found.stx_mask & STATX_BTIME) != 0) status.birth_ns = nanoseconds(time_of(found.stx_btime));
  return status;
}

std::optional<SourceStatus> status_as_known(int directory, const std::string& name) {
  struct statx found;
  constexpr int kFlags = kItself | AT_STATX_DONT_SYNC;
  if (::statx(directory, name.c_str(), kFlags, STATX_BASIC_STATS, &found) != 0) return std::nullopt;
  return from_statx(found);
}

}  // namespace npyfs
