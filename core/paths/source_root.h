// The source directory. Every access to the source goes through SourceRoot, and none leaves it: see PathResolver.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "core/paths/acl_mode_cache.h"
#include "core/paths/path_resolver.h"
#include "core/paths/remote_filesystem.h"
#include "core/paths/source_mount.h"
#include "core/paths/source_path.h"
#include "core/paths/source_status.h"

namespace npyfs {

// Who may use the mount.
enum class Users {
  kOwner,   // the user that the daemon runs as: the source checks permissions itself, when npyfs opens a file
  kOthers,  // other users too (-o allow_other, allow_root): the kernel checks the modes that the mount shows
};

// Thread-safe, except for set_own_device(). Paths are relative to the root; "" is the root itself. Errors are kSystem
// with the errno of the system (ENOENT if there is nothing at the path), if nothing else is said.
class SourceRoot {
 public:
  // Fails if `directory` is not a directory.
  static Result<SourceRoot> open(const std::string& directory, Symlinks symlinks, Users users);

  // The status of what `path` leads to. Follows links; a link that leaves the source, dangles or loops is not followed,
  // and the status is that of the link (S_ISLNK). With Users::kOthers see status_for_other_users().
  Result<SourceStatus> status(const std::string& path) const;

  // The same for `name` in the directory `path`. With Users::kOthers, `path` must lead to the directory with this
  // SourceStatus::identity() (0 for any), otherwise the error is kStale. The name is looked up in the directory whose
  // identity was checked, so a concurrent rename of the path cannot put another directory in its place.
  Result<SourceStatus> status_in(const std::string& path, std::uint64_t identity, const std::string& name) const;

  // The same for `name` in the directory open at `directory`, whose path is `path`.
  Result<SourceStatus> status_at(int directory, const std::string& path, const std::string& name) const;

  // Opens a regular file for reading. kNotFound for everything else (a FIFO, a device), without blocking.
  Result<UniqueFd> open_file(const std::string& path) const { return open_regular(path, O_RDONLY); }

  // The same for writing. Opening does not change the file.
  Result<UniqueFd> open_file_for_writing(const std::string& path) const { return open_regular(path, O_WRONLY); }

  // For these three, what is at `path` must have this SourceStatus::identity() (0 for any), otherwise the error is
  // kStale.
  Result<UniqueFd> open_directory(const std::string& path, std::uint64_t identity = 0) const;
  // The target of the link `path`, which status() has not followed.
  Result<std::string> read_link(const std::string& path, std::uint64_t identity = 0) const;
  Result<struct statvfs> filesystem_status(const std::string& path, std::uint64_t identity = 0) const;

  // The absolute path of something below the root, for messages.
  std::string absolute(std::string_view path) const { return resolver_.absolute(path); }
  // The same, to be joined later. `path` is not null.
  SourcePath path_of(std::shared_ptr<const std::string> path) const {
    return {resolver_.shared_name(), std::move(path)};
  }

  Users users() const { return users_; }

  // The mount that the root is on, for an npyfs that is mounted at `mountpoint`: see SourceMount.
  SourceMount mount(std::string mountpoint) const {
    return SourceMount(resolver_.root(), resolver_.name(), std::move(mountpoint));
  }

  // See PathResolver::set_own_device().
  void set_own_device(dev_t device) { resolver_.set_own_device(device); }

  // See PathResolver::replace().
  Result<void> replace(UniqueFd root);

  // st_dev of the root when it was opened. A file with another st_dev is on a filesystem that is mounted below the
  // root, or replace() has moved the root to another filesystem.
  dev_t device() const { return device_; }

  // Whether the directory `path`, an absolute path, is the root as it was opened, or below it. Compares the parents of
  // the directory by device and inode, so it sees through bind mounts and links.
  enum class Position { kOutside, kRoot, kBeneath };
  Result<Position> position_of(const std::string& path) const;

 private:
  SourceRoot(PathResolver resolver, const struct stat& root, Users users)
      : resolver_(std::move(resolver)),
        device_(root.st_dev),
        inode_(root.st_ino),
        local_device_(std::make_unique<std::atomic<dev_t>>(is_local(resolver_.root()) ? root.st_dev : kNotLocal)),
        users_(users) {
    if (users == Users::kOthers) acl_modes_ = std::make_unique<AclModeCache>();
  }

  Result<UniqueFd> open_regular(const std::string& path, int access) const;
  Result<UniqueFd> resolve_identical(const std::string& path, int flags, std::uint64_t identity) const;
  Result<SourceStatus> status_for_owner(const std::string& path) const;
  std::optional<Result<SourceStatus>> status_of_name(const std::string& path) const;

  static constexpr dev_t kNotLocal = 0;
  Result<SourceStatus> status_without_following(const std::string& path) const;

  PathResolver resolver_;
  dev_t device_;
  ino_t inode_;
  // st_dev of the root that replace() has set last, if its filesystem is local.
  std::unique_ptr<std::atomic<dev_t>> local_device_;
  Users users_;
  std::unique_ptr<AclModeCache> acl_modes_;  // null with Users::kOwner
};

}  // namespace npyfs
