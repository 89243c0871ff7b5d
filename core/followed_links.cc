#include "core/followed_links.h"

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
#include <optional>
#include <string_view>
#include <utility>

#include "core/file_names.h"
#include "core/openat2.h"
#include "core/unique_fd.h"

namespace npyfs {
namespace {

int failed(int error) {
  errno = error;
  return -1;
}

UniqueFd open_directory(int at, const std::string& name) {
  return UniqueFd(::openat(at, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// Type and device; false with errno where they cannot be had.
bool look_at(int directory, const std::string& name, struct statx& status) {
  constexpr int kFlags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
  return ::statx(directory, name.c_str(), kFlags, STATX_TYPE, &status) == 0;
}

dev_t device_of(const struct statx& status) {
  return ::makedev(status.stx_dev_major, status.stx_dev_minor);
}

// The target of the link that is open at `link`; empty, with errno, where it is not to be followed.
std::string target_to_follow(int link) {
  struct statfs filesystem;
  if (::fstatfs(link, &filesystem) != 0) return {};
  if (filesystem.f_type != PROC_SUPER_MAGIC) return target_of_link(link);
  errno = ELOOP;
  return {};
}

// Where an absolute link leads beneath a directory with these names.
std::optional<std::string> beneath(std::span<const std::string> names, std::string_view target) {
  for (const auto& name : names) {
    if (auto path = path_from(name, target)) return path;
  }
  return std::nullopt;
}

int open_last(int directory, const std::string& name, int flags) {
  while (true) {
    const int fd = ::openat(directory, name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 || errno != EINTR) return fd;
  }
}

}  // namespace

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

int open_following_links(int start, const std::string& path, int flags, dev_t closed) {
  UniqueFd directory = open_directory(start, ".");
  std::string rest = path;
  for (int links = 0; directory;) {
    std::string name = take_component(rest);
    if (name.empty()) name = ".";
    const bool is_last = rest.empty();
    const UniqueFd found(::openat(directory.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!found) return -1;
    struct statx status;
    if (!look_at(found.get(), "", status)) return -1;
    if (device_of(status) == closed) return failed(ELOOP);
    if (S_ISLNK(status.stx_mode) && !(is_last && (flags & O_NOFOLLOW) != 0)) {
      if (++links > kMaxLinks) return failed(ELOOP);
      const std::string target = target_to_follow(found.get());
      if (target.empty()) return -1;
      if (target.starts_with('/')) directory = open_directory(AT_FDCWD, "/");
      rest = target + "/" + rest;
      continue;
    }
    if (is_last) return open_last(directory.get(), name, flags);
    directory = open_directory(directory.get(), name);  // which mounts what is to be mounted there (autofs)
  }
  return -1;
}

// What is known to be no link and not closed is walked by the kernel, beneath the root again: a race can only make this
// fail, but for a mount that is made at this moment.
int open_following_links_beneath(int root, std::span<const std::string> names, const std::string& path, int flags,
                                 dev_t closed) {
  std::string done;
  std::string rest = path;
  for (int links = 0; !rest.empty();) {
    const std::string next = path_in(done, take_component(rest));
    const UniqueFd found(openat2(root, next, O_PATH | O_NOFOLLOW, RESOLVE_BENEATH));
    struct statx status;
    if (!found || !look_at(found.get(), "", status)) return -1;
    if (device_of(status) == closed) return failed(ELOOP);
    if (!S_ISLNK(status.stx_mode) || (rest.empty() && (flags & O_NOFOLLOW) != 0)) {
      done = next;
      continue;
    }
    if (++links > kMaxLinks) return failed(ELOOP);
    std::string target = target_of_link(found.get());
    if (target.empty()) return -1;
    if (target.starts_with('/')) {
      auto within = beneath(names, target);
      if (!within) return failed(EXDEV);
      done.clear();
      target = std::move(*within);
    }
    rest = target + "/" + rest;
  }
  return openat2(root, done, flags, RESOLVE_BENEATH);
}

}  // namespace npyfs
