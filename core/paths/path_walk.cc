#include "core/paths/path_walk.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/path_string.h"
#include "core/base/unique_fd.h"
#include "core/paths/openat2.h"

namespace npyfs {
namespace {

constexpr std::size_t kMaxHeld = 16;     // descriptors of directories on the way
constexpr int kMaxLinks = 40;            // as for the kernel (include/linux/namei.h, MAXSYMLINKS)
constexpr long kLinksAreNoWay = 0x2000;  // mounted nosymfollow (include/linux/statfs.h, ST_NOSYMFOLLOW)

int failed(int error) {
  errno = error;
  return -1;
}

UniqueFd open_directory(int at, const char* name) {
  return UniqueFd(::openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// Type, device and mount; false with errno where they cannot be had.
bool look_at(int directory, const std::string& name, struct statx& status) {
  constexpr int kFlags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
  return ::statx(directory, name.c_str(), kFlags, STATX_TYPE | STATX_MNT_ID, &status) == 0;
}

dev_t device_of(const struct statx& status) {
  return ::makedev(status.stx_dev_major, status.stx_dev_minor);
}

// The target of the link that is open at `link`; empty, with errno, where it is not to be followed.
std::string target_to_follow(int link) {
  struct statfs filesystem;
  if (::fstatfs(link, &filesystem) != 0) return {};
  if (filesystem.f_type != PROC_SUPER_MAGIC && (filesystem.f_flags & kLinksAreNoWay) == 0) return target_of_link(link);
  errno = ELOOP;
  return {};
}

int open_last(int directory, const char* name, int flags) {
  while (true) {
    const int fd = ::openat(directory, name, flags | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 || errno != EINTR) return fd;
  }
}

// Where an absolute link leads beneath a directory with these names.
std::optional<std::string> beneath(std::span<const std::string> names, const std::string& target) {
  for (const auto& name : names) {
    if (auto path = relative_path(name, target)) return path;
  }
  return std::nullopt;
}

// One walk. What returns false or -1 has set errno.
class Walk {
 public:
  Walk(const WalkRules& rules, int start) : rules_(rules), base_(start) {}

  int open(const std::string& path, int flags);

 private:
  int here() const { return held_.empty() ? base_ : held_.back().get(); }
  std::optional<struct statx> status_inside(int fd) const;
  bool go_up();
  bool enter(const std::string& name, UniqueFd directory);
  bool go_down_again();
  void go_to(int base);
  bool follow(int link);
  std::optional<int> open_other(const std::string& name, int flags);
  std::optional<int> ask_kernel(int flags);

  const WalkRules& rules_;
  UniqueFd outside_;                // what base_ is, where that is neither the start nor the root
  int base_;                        // the directory that below_ begins in
  std::vector<std::string> below_;  // the names of the directories that were entered from there, one in the other
  std::deque<UniqueFd> held_;       // the last of them; none only where below_ is empty
  std::string rest_;                // of the path; begins with '/' where what comes before is to be a directory
  int links_ = 0;                   // how many were followed, and what changed as it was looked at
  std::uint64_t mount_ = 0;         // that of the directory that was entered last
  bool is_elsewhere_ = true;        // another one than before, and the kernel has not been asked from there
};

// Nothing, with errno, for what is closed.
std::optional<struct statx> Walk::status_inside(int fd) const {
  struct statx status;
  if (!look_at(fd, "", status)) return std::nullopt;
  if (device_of(status) != rules_.closed) return status;
  errno = ELOOP;
  return std::nullopt;
}

void Walk::go_to(int base) {
  base_ = base;
  below_.clear();
  held_.clear();
}

bool Walk::go_up() {
  if (!below_.empty()) {
    below_.pop_back();
    held_.pop_back();
    return !held_.empty() || below_.empty() || go_down_again();
  }
  if (!rules_.may_leave) {
    errno = EXDEV;
    return false;
  }
  UniqueFd parent = open_directory(base_, "..");
  if (!parent || !status_inside(parent.get())) return false;
  outside_ = std::move(parent);
  go_to(outside_.get());
  return true;
}

// To the directory that below_ names.
bool Walk::go_down_again() {
  const auto names = std::exchange(below_, {});
  return std::ranges::all_of(names, [&](const std::string& name) {
    UniqueFd directory = open_directory(here(), name.c_str());
    return directory && enter(name, std::move(directory));
  });
}

bool Walk::enter(const std::string& name, UniqueFd directory) {
  const auto status = status_inside(directory.get());
  if (!status) return false;
  below_.push_back(name);
  held_.push_back(std::move(directory));
  if (held_.size() > kMaxHeld) held_.pop_front();
  if (std::exchange(mount_, status->stx_mnt_id) != mount_) is_elsewhere_ = true;
  return true;
}

// Puts the target of a link in its place. An absolute one begins in the root, where it leads beneath it.
bool Walk::follow(int link) {
  if (++links_ > kMaxLinks) {
    errno = ELOOP;
    return false;
  }
  std::string target = target_to_follow(link);
  if (target.empty()) return false;
  if (target.starts_with('/')) {
    auto within = beneath(rules_.names, target);
    if (!within && !rules_.may_leave) {
      errno = EXDEV;
      return false;
    }
    if (!within) outside_ = open_directory(AT_FDCWD, "/");
    if (!within && !outside_) return false;
    go_to(within ? rules_.root : outside_.get());
    if (within) target = std::move(*within);
    is_elsewhere_ = true;
  }
  rest_ = target + rest_;
  return true;
}

// What `name` is, no directory; nothing where the walk goes on, as for a link that is to be followed.
std::optional<int> Walk::open_other(const std::string& name, int flags) {
  UniqueFd found(::openat(here(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  const auto status = found ? status_inside(found.get()) : std::nullopt;
  if (!status) return -1;
  if (S_ISDIR(status->stx_mode)) {  // it was none a moment ago
    if (++links_ > kMaxLinks) return failed(ELOOP);
    rest_ = name + rest_;
    return std::nullopt;
  }
  const bool is_last = rest_.empty();
  if (S_ISLNK(status->stx_mode) && !(is_last && (flags & O_NOFOLLOW) != 0)) {
    if (follow(found.get())) return std::nullopt;
    return -1;
  }
  if (!is_last || (flags & O_DIRECTORY) != 0) return failed(ENOTDIR);
  return (flags & O_PATH) != 0 ? found.release() : open_last(here(), name.c_str(), flags);
}

// One system call for all that is left, where it stays beneath this directory and on its mount.
std::optional<int> Walk::ask_kernel(int flags) {
  if (!std::exchange(is_elsewhere_, false)) return std::nullopt;
  const int fd = openat2(here(), without_leading_slashes(rest_), flags, RESOLVE_BENEATH | RESOLVE_NO_XDEV);
  if (fd < 0 && errno == EXDEV) return std::nullopt;
  return fd;
}

int Walk::open(const std::string& path, int flags) {
  rest_ = path;
  while (true) {
    // Not by ".", for which one needs the right to search it.
    if (!held_.empty() && (flags & O_PATH) != 0 && without_leading_slashes(rest_).empty()) return held_.back().release();
    if (const auto fd = ask_kernel(flags)) return *fd;
    const std::string name = take_component(rest_);
    if (name.empty()) return open_last(here(), ".", flags);
    if (name == ".") continue;
    if (name == "..") {
      if (!go_up()) return -1;
      continue;
    }
    UniqueFd directory = open_directory(here(), name.c_str());
    if (directory) {
      if (!enter(name, std::move(directory))) return -1;
      continue;
    }
    if (errno != ENOTDIR) return -1;
    if (const auto fd = open_other(name, flags)) return *fd;
  }
}

}  // namespace

int walk(const WalkRules& rules, int start, const std::string& path, int flags) {
  return Walk(rules, start).open(path, flags);
}

std::string target_of_link(int link) {
  std::string target(PATH_MAX, '\0');
  const ssize_t length = ::readlinkat(link, "", target.data(), target.size());
  target.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
  return target;
}

bool is_on_device(int directory, const std::string& name, dev_t device) {
  struct statx status;
  return look_at(directory, name, status) && device_of(status) == device;
}

}  // namespace npyfs
