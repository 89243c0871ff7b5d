#include "core/paths/other_users_status.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/base/path_string.h"
#include "core/paths/path_walk.h"

namespace npyfs {
namespace {

// The present absolute path of what is open at `fd`, as the kernel has it. `path` is the subject of errors.
Result<std::string> path_of(int fd, const std::string& path) {
  std::error_code error;
  auto found = std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", fd), error);
  if (error) return std::unexpected(system_error(path, "readlink", error.value()));
  return found.string();
}

// The directory that contains what is open at `target` and has this status. ENOENT if it was moved meanwhile.
Result<UniqueFd> parent_of(const PathResolver& resolver, int target, const SourceStatus& status,
                           const std::string& path) {
  const auto moved = [&] { return std::unexpected(system_error(path, "open", ENOENT)); };
  UniqueFd parent;
  if (S_ISDIR(status.st_mode)) {
    parent = UniqueFd(::openat(target, "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!parent) return std::unexpected(system_error(path, "open", errno));
    // If npyfs is mounted over the root, ".." of a directory below the root is that mount, not the root.
    if (!is_on_device(parent.get(), "", resolver.own_device())) return parent;
  }
  const auto found = path_of(target, path);
  if (!found) return std::unexpected(found.error());
  const auto root = path_of(resolver.root(), path);
  if (!root) return std::unexpected(root.error());
  const auto directory = relative_path(*root == "/" ? "" : *root, parent_directory(*found));
  if (!directory) return moved();
  auto below_root = resolver.resolve(*directory, O_PATH | O_DIRECTORY);
  if (!below_root) return below_root;
  parent = std::move(*below_root);
  const std::string name = last_component(*found);
  if (is_on_device(parent.get(), name, resolver.own_device())) return moved();
  const auto named = status_with_birth(parent.get(), name, path);
  if (!named) return std::unexpected(named.error());
  if (named->identity() != status.identity()) return moved();
  return parent;
}

// Whether every user who can reach `directory` may also reach `target`: everybody may enter all directories that
// contain the target, up to `directory` or to the root. Goes from the target upwards, because a path may lead elsewhere
// by now.
Result<bool> is_reachable_by_all(const PathResolver& resolver, AclModeCache& modes, int directory, int target,
                                 const std::string& link) {
  constexpr mode_t kAllMayEnter = S_IXUSR | S_IXGRP | S_IXOTH;
  const auto root = status_with_birth(resolver.root(), "", link);
  if (!root) return std::unexpected(root.error());
  const auto of_link = status_with_birth(directory, "", link);
  if (!of_link) return std::unexpected(of_link.error());
  UniqueFd above;
  std::uint64_t below = 0;  // identity of what was checked before; 0 for the target itself
  for (int at = target;; at = above.get()) {
    const auto status = modes.status(at, "", link);
    if (!status) return std::unexpected(status.error());
    const std::uint64_t identity = status->identity();
    if (identity == root->identity() || identity == of_link->identity()) return true;
    if (identity == below) return false;  // "/" is its own parent: the target was moved out of the root
    if (below != 0 && (status->st_mode & kAllMayEnter) != kAllMayEnter) return false;
    auto parent = parent_of(resolver, at, *status, link);
    if (!parent && leads_nowhere(parent.error())) return false;
    if (!parent) return std::unexpected(parent.error());
    above = std::move(*parent);
    below = identity;
  }
}

}  // namespace

Result<SourceStatus> status_for_other_users(const PathResolver& resolver, AclModeCache& modes, int directory,
                                            const std::string& name, const std::string& path) {
  // Neither is a name of an entry of the directory, and both might lead out of the root.
  if (name == ".." || name.contains('/')) return std::unexpected(system_error(path, "stat", ENOENT));
  // A request to our own mount would wait for ourselves.
  if (is_on_device(directory, name, resolver.own_device())) return std::unexpected(system_error(path, "stat", ELOOP));
  auto itself = modes.status(directory, name, path);
  if (!itself || !S_ISLNK(itself->st_mode)) return itself;
  // A link that may leave the root is followed from `directory` itself. Otherwise the link is found by its path,
  // because RESOLVE_BENEATH needs the root; the path may lead to another link by now, but is_reachable_by_all() checks
  // the target.
  const bool may_leave = resolver.symlinks() == Symlinks::kAnywhere;
  auto target = may_leave ? resolver.open_anywhere(directory, name, path) : resolver.resolve(path, O_PATH);
  // If npyfs is mounted over the root, ".." of a directory below the root is that mount: then the link is found by its
  // path, too.
  const bool is_covered = may_leave && !target && target.error().os_error == ELOOP;
  if (is_covered) target = resolver.resolve(path, O_PATH);
  if (!target && leads_nowhere(target.error())) return itself;
  if (!target) return std::unexpected(target.error());
  if (!may_leave || is_covered) {
    const auto reachable = is_reachable_by_all(resolver, modes, directory, target->get(), path);
    if (!reachable) return std::unexpected(reachable.error());
    if (!*reachable) return itself;
  }
  return modes.status(target->get(), "", path);
}

}  // namespace npyfs
