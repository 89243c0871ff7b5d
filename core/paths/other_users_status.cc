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

// What the system calls what is open at `fd`, wherever it was moved to.
Result<std::string> path_of(int fd, const std::string& path) {
  std::error_code error;
  auto found = std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", fd), error);
  if (error) return std::unexpected(system_error(path, "readlink", error.value()));
  return found.string();
}

// The directory that `target`, with this status, is in. ENOENT where it is not in it any more.
Result<UniqueFd> parent_of(const PathResolver& resolver, int target, const SourceStatus& status,
                           const std::string& path) {
  const auto moved = [&] { return std::unexpected(system_error(path, "open", ENOENT)); };
  UniqueFd parent;
  if (S_ISDIR(status.st_mode)) {
    parent = UniqueFd(::openat(target, "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!parent) return std::unexpected(system_error(path, "open", errno));
    // The root may be covered by its own mount, which is found in its place.
    if (!is_on_device(parent.get(), "", resolver.own_device())) return parent;
  }
  const auto found = path_of(target, path);
  if (!found) return std::unexpected(found.error());
  const auto root = path_of(resolver.root(), path);
  if (!root) return std::unexpected(root.error());
  const auto directory = relative_path(*root == "/" ? "" : *root, parent_directory(*found));
  if (!directory) return moved();
  parent = UniqueFd(resolver.open_beneath(*directory, O_PATH | O_DIRECTORY));
  if (!parent) return std::unexpected(system_error(path, "open", errno));
  const std::string name = last_component(*found);
  if (is_on_device(parent.get(), name, resolver.own_device())) return moved();
  const auto named = status_with_birth(parent.get(), name, path);
  if (!named) return std::unexpected(named.error());
  if (named->identity() != status.identity()) return moved();
  return parent;
}

// Whether everybody who has got to `directory` may get to `target`: all directories that it is in, up to that one or to
// the root, are open to all. They are found from the target upwards, since any path may lead elsewhere by now.
Result<bool> may_be_followed(const PathResolver& resolver, AclModeCache& modes, int directory, int target,
                             const std::string& link) {
  constexpr mode_t kAllMayEnter = S_IXUSR | S_IXGRP | S_IXOTH;
  const auto root = status_with_birth(resolver.root(), "", link);
  if (!root) return std::unexpected(root.error());
  const auto of_link = status_with_birth(directory, "", link);
  if (!of_link) return std::unexpected(of_link.error());
  UniqueFd above;
  std::uint64_t below = 0;  // what was looked at last
  for (int at = target;; at = above.get()) {
    const auto status = modes.status(at, "", link);
    if (!status) return std::unexpected(status.error());
    const std::uint64_t identity = status->identity();
    if (identity == root->identity() || identity == of_link->identity()) return true;
    if (identity == below) return false;  // "/": it was moved out of the root
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
  // No name of a directory's own, and it might lead out of the root.
  if (name == ".." || name.contains('/')) return std::unexpected(system_error(path, "stat", ENOENT));
  // What is asked of our own mount is asked of ourselves.
  if (is_on_device(directory, name, resolver.own_device())) return std::unexpected(system_error(path, "stat", ELOOP));
  auto itself = modes.status(directory, name, path);
  if (!itself || !S_ISLNK(itself->st_mode)) return itself;
  const bool all_are_followed = resolver.leaving_links() == LeavingLinks::kAreFollowed;
  // Beneath the root, which the directory's own descriptor says nothing of, a link is found by its path: whatever that
  // leads to by now, what is found is for may_be_followed() to judge.
  auto target = all_are_followed ? resolver.open_anywhere(directory, name, path) : resolver.resolve(path, O_PATH);
  // Above the directory lies the mount itself, where it is mounted over the root.
  const bool is_covered = all_are_followed && !target && target.error().os_error == ELOOP;
  if (is_covered) target = resolver.resolve(path, O_PATH);
  if (!target && leads_nowhere(target.error())) return itself;
  if (!target) return std::unexpected(target.error());
  const bool is_to_be_judged = !all_are_followed || is_covered;
  const auto allowed = is_to_be_judged ? may_be_followed(resolver, modes, directory, target->get(), path) : true;
  if (!allowed) return std::unexpected(allowed.error());
  return *allowed ? modes.status(target->get(), "", path) : itself;
}

}  // namespace npyfs
