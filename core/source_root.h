// The source directory. Every access to the source goes through here, and nothing here leaves it: paths are resolved by
// openat2(2) with RESOLVE_BENEATH (Linux 5.6), so that no link, ".." or rename race can.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/source_mount.h"
#include "core/source_status.h"
#include "core/unique_fd.h"

namespace npyfs {

enum class LeavingLinks {
  kAreLinks,     // symbolic links that leave the source appear as the links they are
  kAreFollowed,  // -o follow_symlinks
};

// Who uses the mount.
enum class Visitors {
  kOwner,   // the user that the daemon runs as; what it may not open, it does not get
  kOthers,  // others too (-o allow_other, allow_root), for whom the kernel checks modes on the way through the mount
};

// Safe to use from many threads, replace() included. Paths are relative to the root; "" is the root itself.
// Errors are kSystem with errno as the system gives it (ENOENT for what is not there).
class SourceRoot {
 public:
  // Fails where `directory` is no directory, or the kernel has no openat2.
  static Result<SourceRoot> open(const std::string& directory, LeavingLinks leaving_links, Visitors visitors);

  // What is at `path`, links followed. A link that leaves the source, dangles or loops is described itself (S_ISLNK).
  // So is, where others visit, a link that leads through a directory which is not open to all (those above its own
  // count, unless it stays beneath it: who is there may not be able to get there any more): the kernel then resolves it
  // in the mount, and checks the visitor's rights on the way, which following it here would pass over. The status has a
  // birth where others visit.
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
  std::string absolute(std::string_view path) const;

  Visitors visitors() const { return visitors_; }

  // The mount that it is on, for an npyfs that is mounted at `mountpoint` (see SourceMount).
  SourceMount mount(std::string mountpoint) const {
    return SourceMount(root_.get(), names_.back(), std::move(mountpoint));
  }

  // From now on the root is the directory that is open at `root`, in one step: every path is resolved beneath the one
  // or the other. An error leaves it as it was.
  Result<void> replace(UniqueFd root);

  // Device number of the root, as it was at first: files elsewhere are on filesystems mounted below it, or in its
  // place.
  dev_t device() const { return device_; }

  // Whether the directory `path`, any absolute path, is the root as it was at first or lies beneath it (its parents are
  // compared by device and inode, so bind mounts and links do not hide it).
  enum class Position { kOutside, kRoot, kBeneath };
  Result<Position> position_of(const std::string& path) const;

 private:
  SourceRoot() = default;

  Result<UniqueFd> open_regular(const std::string& path, int access) const;
  Result<UniqueFd> resolve(const std::string& path, int flags) const;
  Result<UniqueFd> resolve_absolute_links(const std::string& path, int flags) const;
  Result<UniqueFd> resolve_as(const std::string& path, int flags, std::uint64_t identity) const;
  int open_beneath(const std::string& path, int flags) const;
  Result<SourceStatus> status_for_owner(const std::string& path) const;
  Result<SourceStatus> status_beneath(const std::string& path) const;
  Result<UniqueFd> parent_of(int target, const SourceStatus& status, const std::string& path) const;
  Result<bool> may_be_followed(int directory, int target, const std::string& link) const;

  UniqueFd root_;  // its number stays, whatever it is open on
  dev_t device_ = 0;
  ino_t inode_ = 0;
  LeavingLinks leaving_links_ = LeavingLinks::kAreLinks;
  Visitors visitors_ = Visitors::kOwner;
  std::vector<std::string> names_;  // absolute paths the root is known by: as given, and without links; no final '/'
};

}  // namespace npyfs
