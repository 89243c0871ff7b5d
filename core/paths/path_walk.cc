#include "core/paths/path_walk.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdint>
#include <optional>
#include <utility>

#include "core/base/path_string.h"
#include "core/paths/openat2.h"
#include "core/paths/walk_position.h"

namespace npyfs {
namespace {

constexpr int kMaxLinks = 40;          // the kernel's own limit (MAXSYMLINKS in include/linux/namei.h)
constexpr int kMaxRetries = 40;        // of names that are replaced by a directory while the walk looks at them
constexpr long kNoSymfollow = 0x2000;  // ST_NOSYMFOLLOW in include/linux/statfs.h

UniqueFd open_directory(int at, const std::string& name) {
  return UniqueFd(::openat(at, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// Type, device and mount.
Result<struct statx> kind_of(int directory, const std::string& name, const std::string& subject) {
  constexpr int kFlags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
  struct statx status;
  if (::statx(directory, name.c_str(), kFlags, STATX_TYPE | STATX_MNT_ID, &status) == 0) return status;
  return std::unexpected(system_error(subject, "stat", errno));
}

dev_t device_of(const struct statx& status) {
  return ::makedev(status.stx_dev_major, status.stx_dev_minor);
}

// Where an absolute link leads, relative to a directory with these names. nullopt if it leads elsewhere.
std::optional<std::string> relative_to_any(std::span<const std::string> names, const std::string& target) {
  for (const auto& name : names) {
    if (auto path = relative_path(name, target)) return path;
  }
  return std::nullopt;
}

// Whether the walk can open what openat2(2) could not: a path that leaves the directory or the mount (EXDEV), and any
// on a kernel without the call (ENOSYS) or where a container's profile forbids it (EPERM, which is also what openat(2)
// returns for writing to an immutable file).
bool must_walk_after(int error) {
  return error == EXDEV || error == ENOSYS || error == EPERM;
}

// One walk. Its steps return the descriptor that the walk was to open, or an empty one if the walk goes on.
class PathWalk {
 public:
  PathWalk(const WalkRules& rules, int start, int flags, const std::string& subject)
      : rules_(rules), flags_(flags), subject_(subject), position_(start) {}

  Result<UniqueFd> open(const std::string& path);

 private:
  Result<UniqueFd> ask_kernel();
  Result<UniqueFd> step(const std::string& name);
  Result<UniqueFd> go_up();
  Result<UniqueFd> enter(const std::string& name, UniqueFd directory);
  Result<UniqueFd> open_non_directory(const std::string& name);
  Result<UniqueFd> follow(int link);
  Result<UniqueFd> open_here(const char* name) const;
  Result<struct statx> kind_if_allowed(int fd) const;
  std::unexpected<Error> failure(int error) const { return std::unexpected(system_error(subject_, "open", error)); }

  const WalkRules& rules_;
  const int flags_;
  const std::string& subject_;
  WalkPosition position_;
  std::string rest_;            // of the path. A leading '/' means that what comes before must be a directory
  int links_ = 0;               // followed so far
  int retries_ = 0;             // see kMaxRetries
  std::uint64_t mount_ = 0;     // mount ID of the directory that was entered last
  bool may_ask_kernel_ = true;  // after a jump or a change of mounts: the kernel may be able to open the rest at once
};

Result<UniqueFd> PathWalk::open(const std::string& path) {
  rest_ = path;
  while (true) {
    // A directory that was entered is returned as it is: to open "." would take search permission for it.
    const bool may_release = (flags_ & O_PATH) != 0 && !position_.is_at_base();
    if (may_release && without_leading_slashes(rest_).empty()) return position_.release();
    if (std::exchange(may_ask_kernel_, false)) {
      auto fd = ask_kernel();
      if (fd || !must_walk_after(fd.error().os_error)) return fd;
    }
    const std::string name = take_component(rest_);
    if (name.empty()) return open_here(".");
    auto fd = step(name);
    if (!fd || *fd) return fd;
  }
}

// Opens the rest of the path with one system call, if the kernel has it. EXDEV if the rest leaves this directory or
// this mount.
Result<UniqueFd> PathWalk::ask_kernel() {
  constexpr std::uint64_t kResolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV;
  return openat2(position_.directory(), without_leading_slashes(rest_), flags_, kResolve, subject_);
}

Result<UniqueFd> PathWalk::step(const std::string& name) {
  if (name == ".") return UniqueFd();
  if (name == "..") return go_up();
  UniqueFd directory = open_directory(position_.directory(), name);
  if (directory) return enter(name, std::move(directory));
  if (errno != ENOTDIR) return failure(errno);
  return open_non_directory(name);
}

Result<UniqueFd> PathWalk::go_up() {
  if (position_.is_at_base()) {
    if (!rules_.may_leave) return failure(EXDEV);
    UniqueFd parent = open_directory(position_.directory(), "..");
    if (!parent) return failure(errno);
    if (auto kind = kind_if_allowed(parent.get()); !kind) return std::unexpected(kind.error());
    position_.restart(std::move(parent));
    return UniqueFd();
  }
  for (const std::string& name : position_.leave()) {
    UniqueFd directory = open_directory(position_.directory(), name);
    if (!directory) return failure(errno);
    if (auto entered = enter(name, std::move(directory)); !entered) return entered;
  }
  return UniqueFd();
}

Result<UniqueFd> PathWalk::enter(const std::string& name, UniqueFd directory) {
  const auto kind = kind_if_allowed(directory.get());
  if (!kind) return std::unexpected(kind.error());
  position_.enter(name, std::move(directory));
  if (std::exchange(mount_, kind->stx_mnt_id) != mount_) may_ask_kernel_ = true;
  return UniqueFd();
}

// `name` is a symbolic link or a file of another type.
Result<UniqueFd> PathWalk::open_non_directory(const std::string& name) {
  UniqueFd found(::openat(position_.directory(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!found) return failure(errno);
  const auto kind = kind_if_allowed(found.get());
  if (!kind) return std::unexpected(kind.error());
  if (S_ISDIR(kind->stx_mode)) {  // a directory has taken the name since step() looked
    if (++retries_ > kMaxRetries) return failure(ELOOP);
    rest_ = name + rest_;
    return UniqueFd();
  }
  const bool is_last = rest_.empty();
  if (S_ISLNK(kind->stx_mode) && !(is_last && (flags_ & O_NOFOLLOW) != 0)) return follow(found.get());
  if (!is_last || (flags_ & O_DIRECTORY) != 0) return failure(ENOTDIR);
  if ((flags_ & O_PATH) != 0) return found;
  return open_here(name.c_str());
}

// Replaces a symbolic link by its target, which the walk then goes along.
Result<UniqueFd> PathWalk::follow(int link) {
  struct statfs filesystem;
  if (::fstatfs(link, &filesystem) != 0) return failure(errno);
  const bool is_followed = filesystem.f_type != PROC_SUPER_MAGIC && (filesystem.f_flags & kNoSymfollow) == 0;
  if (!is_followed || ++links_ > kMaxLinks) return failure(ELOOP);
  auto target = target_of_link(link, subject_);
  if (!target) return std::unexpected(target.error());
  if (target->starts_with('/')) {
    if (auto relative = relative_to_any(rules_.names, *target)) {
      position_.restart(rules_.root);
      *target = std::move(*relative);
    } else {
      if (!rules_.may_leave) return failure(EXDEV);
      UniqueFd system_root = open_directory(AT_FDCWD, "/");
      if (!system_root) return failure(errno);
      position_.restart(std::move(system_root));
    }
    may_ask_kernel_ = true;
  }
  rest_ = *target + rest_;
  return UniqueFd();
}

// Opens `name` in the current directory, if it is no symbolic link.
Result<UniqueFd> PathWalk::open_here(const char* name) const {
  while (true) {
    UniqueFd fd(::openat(position_.directory(), name, flags_ | O_NOFOLLOW | O_CLOEXEC));
    if (fd) return fd;
    if (errno != EINTR) return failure(errno);
  }
}

// ELOOP for what is on the excluded filesystem.
Result<struct statx> PathWalk::kind_if_allowed(int fd) const {
  auto kind = kind_of(fd, "", subject_);
  if (kind && device_of(*kind) == rules_.excluded) return failure(ELOOP);
  return kind;
}

}  // namespace

Result<UniqueFd> walk(const WalkRules& rules, int start, const std::string& path, int flags,
                      const std::string& subject) {
  return PathWalk(rules, start, flags, subject).open(path);
}

Result<std::string> target_of_link(int link, const std::string& subject) {
  std::string target(PATH_MAX, '\0');
  const ssize_t length = ::readlinkat(link, "", target.data(), target.size());
  if (length <= 0) return std::unexpected(system_error(subject, "readlink", length < 0 ? errno : ENOENT));
  target.resize(static_cast<std::size_t>(length));
  return target;
}

bool is_on_device(int directory, const std::string& name, dev_t device) {
  const auto kind = kind_of(directory, name, name);
  return kind && device_of(*kind) == device;
}

}  // namespace npyfs
