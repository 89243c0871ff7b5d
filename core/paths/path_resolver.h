// Paths below the root of the source, turned into descriptors.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"

namespace npyfs {

// Which symbolic links are followed.
enum class Symlinks {
  kWithinRoot,  // those that lead to something below the root; the others are links in the mount, too
  kAnywhere,    // -o follow_symlinks
};

// No path leads out of the root, but through links if these may leave it: openat2(2) with RESOLVE_BENEATH
// resolves the paths, or walk() where the kernel has no openat2(2), so links, ".." and concurrent renames cannot lead
// out. No path leads into the mount that shows this root either (error ELOOP), which may be visible below the root
// itself, as with mount --bind.
//
// Paths are relative to the root; "" is the root. Flags are those of open(2); O_CLOEXEC is added. Errors are kSystem
// with the errno of the system. Thread-safe, except for set_own_device().
class PathResolver {
 public:
  // Fails if `directory` is not a directory.
  static Result<PathResolver> open(const std::string& directory, Symlinks symlinks);

  // Opens what `path` leads to. Follows relative links, and absolute links that lead to below the root by one of its
  // names. EXDEV if the path leaves the root and links may not. See walk() for the other errors.
  Result<UniqueFd> resolve(const std::string& path, int flags) const;

  // Opens what `name` in the directory open at `directory` leads to, inside the root or not, with O_PATH. `path` is the
  // subject of errors.
  Result<UniqueFd> open_anywhere(int directory, const std::string& name, const std::string& path) const;

  // The st_dev of the mount that shows this root; 0 for none. A setter, because the number is known only after
  // mounting, and mounting needs a root. To be called before anybody uses the mount.
  void set_own_device(dev_t device) { own_device_ = device; }
  dev_t own_device() const { return own_device_; }

  // The absolute path of something below the root, under name().
  std::string absolute(std::string_view path) const;

  // The directory open at `root` becomes the root. This is atomic: each path is resolved below the old root or below
  // the new one. After an error the root is the old one.
  Result<void> replace(UniqueFd root);

  int root() const { return root_.get(); }
  // The absolute path that the root had when it was opened, without links and trailing '/'.
  const std::string& name() const { return *name_; }
  const std::shared_ptr<const std::string>& shared_name() const { return name_; }
  Symlinks symlinks() const { return symlinks_; }

 private:
  PathResolver(UniqueFd root, std::vector<std::string> names, Symlinks symlinks)
      : root_(std::move(root)),
        names_(std::move(names)),
        name_(std::make_shared<const std::string>(names_.back())),
        symlinks_(symlinks) {}

  UniqueFd root_;                            // replace() keeps the number and changes what it is open on
  std::vector<std::string> names_;           // absolute paths of the root: as given, and without links. No trailing '/'
  std::shared_ptr<const std::string> name_;  // the last of these
  Symlinks symlinks_;
  dev_t own_device_ = 0;
};

// Whether `error`, of resolve(), means that nobody can get anywhere by this path: nothing is there, the path leaves the
// root, or the daemon has no permission.
bool leads_nowhere(const Error& error);

}  // namespace npyfs
