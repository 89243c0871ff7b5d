// The source directory. Every access to the source goes through here, and nothing here leaves it: see PathResolver.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "core/paths/acl_mode_cache.h"
#include "core/paths/path_resolver.h"
#include "core/paths/source_mount.h"
#include "core/paths/source_status.h"

namespace npyfs {

// Who uses the mount.
enum class Users {
  kOwner,   // the user that the daemon runs as; what it may not open, it does not get
  kOthers,  // others too (-o allow_other, allow_root), for whom the kernel checks modes on the way through the mount
};

// Safe to use from many threads, replace() included. Paths are relative to the root; "" is the root itself.
// Errors are kSystem with errno as the system gives it (ENOENT for what is not there).
class SourceRoot {
 public:
  // Fails where `directory` is no directory, or the kernel has no openat2.
  static Result<SourceRoot> open(const std::string& directory, LeavingLinks leaving_links, Users users);

  // What is at `path`, links followed. A link that leaves the source, dangles or loops is described itself (S_ISLNK).
  // Where others visit, see status_for_other_users().
  Result<SourceStatus> status(const std::string& path) const;

  // The same of `name` in the directory `path`. Where others visit, that is the directory with this identity
  // (SourceStatus; 0 for whatever it is), or the error is kStale: it is found once, and the name looked up in what was
  // found, so that no change of the path comes between.
  Result<SourceStatus> status_in(const std::string& path, std::uint64_t identity, const std::string& name) const;

  // The same in the directory that is open at `directory`, whose path is `path`.
  Result<SourceStatus> status_at(int directory, const std::string& path, const std::string& name) const;

  // Opens a regular file for reading. Never blocks, whatever has been put at `path` (a FIFO, a device): what is not a
  // regular file is kNotFound.
  Result<UniqueFd> open_file(const std::string& path) const { return open_regular(path, O_RDONLY); }

  // The same for writing, without changing anything about the file.
  Result<UniqueFd> open_file_for_writing(const std::string& path) const { return open_regular(path, O_WRONLY); }

  // These are of what has this identity (0 for whatever it is); kStale where something else is at `path`.
  Result<UniqueFd> open_directory(const std::string& path, std::uint64_t identity = 0) const;
  // The target of a link that status() describes itself.
  Result<std::string> read_link(const std::string& path, std::uint64_t identity = 0) const;
  Result<struct statvfs> filesystem_status(const std::string& path, std::uint64_t identity = 0) const;

  // The absolute path of something beneath the root, for people to read.
  std::string absolute(std::string_view path) const { return resolver_.absolute(path); }

  Users users() const { return users_; }

  // The mount that it is on, for an npyfs that is mounted at `mountpoint` (see SourceMount).
  SourceMount mount(std::string mountpoint) const {
    return SourceMount(resolver_.root(), resolver_.name(), std::move(mountpoint));
  }

  // See PathResolver::set_own_device().
  void set_own_device(dev_t device) { resolver_.set_own_device(device); }

  // See PathResolver::replace().
  Result<void> replace(UniqueFd root) { return resolver_.replace(std::move(root)); }

  // Device number of the root, as it was at first: files elsewhere are on filesystems mounted below it, or in its
  // place.
  dev_t device() const { return device_; }

  // Whether the directory `path`, any absolute path, is the root as it was at first or lies beneath it (its parents are
  // compared by device and inode, so bind mounts and links do not hide it).
  enum class Position { kOutside, kRoot, kBeneath };
  Result<Position> position_of(const std::string& path) const;

 private:
  SourceRoot(PathResolver resolver, const struct stat& root, Users users)
      : resolver_(std::move(resolver)), device_(root.st_dev), inode_(root.st_ino), users_(users) {
    if (users == Users::kOthers) acl_modes_ = std::make_unique<AclModeCache>();
  }

  Result<UniqueFd> open_regular(const std::string& path, int access) const;
  Result<UniqueFd> resolve_as(const std::string& path, int flags, std::uint64_t identity) const;
  Result<SourceStatus> status_for_owner(const std::string& path) const;
  Result<SourceStatus> status_beneath(const std::string& path) const;

  PathResolver resolver_;
  dev_t device_;
  ino_t inode_;
  Users users_;
  std::unique_ptr<AclModeCache> acl_modes_;  // null where only the owner visits
};

}  // namespace npyfs
