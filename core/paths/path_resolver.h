// Paths beneath a directory, turned into descriptors that never lie outside it, unless links are followed that do: by
// openat2(2) with RESOLVE_BENEATH (Linux 5.6), so that no link, ".." or rename race leads out. Nor do they lie in the
// mount that shows this directory, wherever beneath it that may be mounted as well (mount --bind): ELOOP is what leads
// there.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace npyfs {

enum class LeavingLinks {
  kAreLinks,     // symbolic links that leave the directory lead nowhere
  kAreFollowed,  // -o follow_symlinks
};

// Safe to use from many threads, replace() included, set_own_device() not. Paths are relative to the root; "" is the
// root itself. Flags are those of open(2); O_CLOEXEC is added. Errors are kSystem with errno as the system gives it.
class PathResolver {
 public:
  // Fails where `directory` is no directory, or the kernel has no openat2.
  static Result<PathResolver> open(const std::string& directory, LeavingLinks leaving_links);

  // Opens what `path` leads to, links followed: relative ones, and absolute ones that come back beneath the root by one
  // of its names. EXDEV where it leaves the root.
  Result<UniqueFd> resolve(const std::string& path, int flags) const;

  // The same: a descriptor, or -1 with errno.
  int open_beneath(const std::string& path, int flags) const;

  // Opens what `name` leads to in the directory that is open at `directory`, inside the root or not, as O_PATH; `path`
  // is for messages.
  Result<UniqueFd> open_anywhere(int directory, const std::string& name, const std::string& path) const;

  // The device number of the mount that shows this directory, 0 for none. To be set before anything is resolved for
  // that mount.
  void set_own_device(dev_t device) { own_device_ = device; }
  dev_t own_device() const { return own_device_; }

  // The absolute path of something beneath the root, by the name that this had at first. Without links.
  std::string absolute(std::string_view path) const;

  // From now on the root is the directory that is open at `root`, in one step: every path is resolved beneath the one
  // or the other. An error leaves it as it was.
  Result<void> replace(UniqueFd root);

  int root() const { return root_.get(); }
  // The absolute path of the root as it was at first, without links and final '/'.
  const std::string& name() const { return names_.back(); }
  LeavingLinks leaving_links() const { return leaving_links_; }

 private:
  PathResolver(UniqueFd root, LeavingLinks leaving_links) : root_(std::move(root)), leaving_links_(leaving_links) {}

  Result<void> find_names(const std::string& directory);

  UniqueFd root_;  // its number stays, whatever it is open on
  LeavingLinks leaving_links_;
  dev_t own_device_ = 0;
  std::vector<std::string> names_;  // absolute paths the root is known by: as given, and without links; no final '/'
};

// Whether a path that resolve() refuses with this error leads nowhere: nothing is there, or it leaves the root.
bool leads_nowhere(const Error& error);

}  // namespace npyfs
