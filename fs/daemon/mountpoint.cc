#include "fs/daemon/mountpoint.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "core/base/escape.h"
#include "core/paths/mount_table.h"

namespace npyfs {
namespace {

// The absolute path, without a request to the filesystem that is mounted there: its daemon may be dead.
Result<std::string> resolve_up_to_last(const std::string& path) {
  std::error_code error;
  std::filesystem::path absolute = std::filesystem::absolute(path, error).lexically_normal();
  if (!absolute.has_filename()) absolute = absolute.parent_path();
  const auto parent = std::filesystem::canonical(absolute.parent_path(), error);
  if (error) return std::unexpected(system_error(path, "realpath", error.value()));
  return (parent / absolute.filename()).string();
}

// Whether the topmost mount at `mountpoint` is an npyfs.
bool is_npyfs_mount(const std::string& mountpoint) {
  std::ifstream table("/proc/self/mountinfo");
  const std::string text(std::istreambuf_iterator<char>(table), {});
  bool is_npyfs = false;
  for (const auto& entry : mount_entries(text)) {
    if (entry.mount_point == mountpoint) is_npyfs = entry.type == "fuse.npyfs";
  }
  return is_npyfs;
}

// Runs `fusermount3 -u`, which is setuid, with further options. What it prints is thrown away.
bool run_fusermount(std::vector<std::string> options, const std::string& mountpoint) {
  options.insert(options.begin(), {"fusermount3", "-u"});
  options.insert(options.end(), {"--", mountpoint});
  std::vector<char*> arguments;
  for (auto& option : options) arguments.push_back(option.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, arguments.front(), &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return false;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Unmounts lazily: directly as root, and by fusermount3 as another user.
bool detach(const std::string& mountpoint) {
  return ::umount2(mountpoint.c_str(), MNT_DETACH) == 0 || run_fusermount({"-z"}, mountpoint);
}

// Whether the filesystem at `mountpoint` has lost its daemon. AT_STATX_FORCE_SYNC: for -o attr_timeout seconds the
// kernel would answer from its cache even then.
bool is_dead(const std::string& mountpoint) {
  struct statx status;
  return ::statx(AT_FDCWD, mountpoint.c_str(), AT_STATX_FORCE_SYNC, STATX_TYPE, &status) != 0 && errno == ENOTCONN;
}

// Logs a notice where the mount will hide another npyfs, or files.
void tell_what_is_covered(const std::string& mountpoint, bool files_too) {
  if (is_npyfs_mount(mountpoint)) {
    log(LogLevel::kNotice, "{}: npyfs is mounted here already; this mount hides it until it ends", escaped(mountpoint));
    return;
  }
  std::error_code error;
  if (!files_too || std::filesystem::is_empty(mountpoint, error) || error) return;
  log(LogLevel::kNotice, "{}: is not empty: npyfs mounts over it, files there are hidden until unmount",
      escaped(mountpoint));
}

}  // namespace

Result<void> clear_dead_mounts(const std::string& mountpoint, LogLevel level) {
  while (is_dead(mountpoint)) {
    const auto resolved = resolve_up_to_last(mountpoint);
    if (!resolved) return std::unexpected(resolved.error());
    if (is_npyfs_mount(*resolved) && detach(*resolved)) {
      log(level, "{}: cleared the mount of an npyfs that is no longer there", escaped(mountpoint));
    } else if (is_dead(mountpoint)) {  // else another process has cleared it meanwhile
      return std::unexpected(system_error(mountpoint, "stat", ENOTCONN));
    }
  }
  return {};
}

Result<std::string> prepare_mountpoint(const std::string& mountpoint, const SourceRoot& source) {
  if (auto cleared = clear_dead_mounts(mountpoint); !cleared) return std::unexpected(cleared.error());
  const auto position = source.position_of(mountpoint);
  if (!position) return std::unexpected(position.error());
  if (*position == SourceRoot::Position::kBeneath) {
    return std::unexpected(Error{ErrorKind::kInvalidArgument, mountpoint,
                                 fmt::format("lies inside the source, {0}: reading the source would lead back into the "
                                             "mount. Choose a mountpoint outside, or {0} itself",
                                             escaped(source.absolute("")))});
  }
  std::error_code error;
  const auto absolute = std::filesystem::canonical(mountpoint, error);
  if (error) return std::unexpected(system_error(mountpoint, "realpath", error.value()));
  // Whoever mounts over the source itself knows what is there.
  tell_what_is_covered(absolute.string(), *position == SourceRoot::Position::kOutside);
  return absolute.string();
}

bool unmount_unless_busy(const std::string& mountpoint) {
  if (::umount2(mountpoint.c_str(), UMOUNT_NOFOLLOW) == 0) return true;
  return errno == EPERM && run_fusermount({}, mountpoint);
}

dev_t device_of_mount(const std::string& mountpoint) {
  struct statx status;
  if (::statx(AT_FDCWD, mountpoint.c_str(), AT_STATX_DONT_SYNC, STATX_TYPE, &status) != 0) return 0;
  if (!S_ISDIR(status.stx_mode)) return 0;
  return ::makedev(status.stx_dev_major, status.stx_dev_minor);
}

}  // namespace npyfs
