#include "core/paths/source_root.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "core/base/path_string.h"
#include "core/paths/other_users_status.h"
#include "core/paths/path_walk.h"

namespace npyfs {

Result<SourceRoot> SourceRoot::open(const std::string& directory, Symlinks symlinks, Users users) {
  auto resolver = PathResolver::open(directory, symlinks);
  if (!resolver) return std::unexpected(resolver.error());
  const auto status = status_of(resolver->root(), directory);
  if (!status) return std::unexpected(status.error());
  return SourceRoot(std::move(*resolver), *status, users);
}

// kStale if something with another identity is at `path`.
Result<UniqueFd> SourceRoot::resolve_identical(const std::string& path, int flags, std::uint64_t identity) const {
  auto fd = resolver_.resolve(path, flags);
  if (!fd || identity == 0) return fd;
  const auto status = status_with_birth(fd->get(), "", path);
  if (!status) return std::unexpected(status.error());
  if (status->identity() == identity) return fd;
  return std::unexpected(Error{ErrorKind::kStale, path, "is not what it was when it was looked up"});
}

Result<SourceStatus> SourceRoot::status(const std::string& path) const {
  if (users_ == Users::kOwner) return status_for_owner(path);
  if (path.empty()) return acl_modes_->status(resolver_.root(), "", path);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return status_in("", 0, path);
  return status_in(path.substr(0, slash), 0, path.substr(slash + 1));
}

// By one system call, if `path` is a name in the root itself of nothing, or of something on the same local filesystem
// that is no link. No other directory is searched, so this cannot leave the root. It sends no request to another
// process, so it cannot wait for this mount. nullopt: the path has to be resolved.
std::optional<Result<SourceStatus>> SourceRoot::status_of_name(const std::string& path) const {
  const dev_t device = *local_device_;
  if (device == kNotLocal || path.empty() || path == ".." || path.contains('/')) return std::nullopt;
  const auto status = status_as_known(resolver_.root(), path);
  if (!status && errno == ENOENT) return std::unexpected(system_error(path, "open", ENOENT));
  if (!status || S_ISLNK(status->st_mode) || status->st_dev != device) return std::nullopt;
  return *status;
}

Result<SourceStatus> SourceRoot::status_for_owner(const std::string& path) const {
  if (auto found = status_of_name(path)) return std::move(*found);
  const auto followed = resolver_.resolve(path, O_PATH);
  if (followed) return status_of(followed->get(), path);
  if (leads_nowhere(followed.error())) {
    auto not_followed = status_without_following(path);
    if (not_followed && S_ISLNK(not_followed->st_mode)) return not_followed;
    if (!not_followed && is_shortage(not_followed.error())) return not_followed;
  }
  return std::unexpected(followed.error());
}

// Of the link itself if `path` is one.
Result<SourceStatus> SourceRoot::status_without_following(const std::string& path) const {
  const auto fd = resolver_.resolve(path, O_PATH | O_NOFOLLOW);
  if (!fd) return std::unexpected(fd.error());
  return status_of(fd->get(), path);
}

Result<SourceStatus> SourceRoot::status_in(const std::string& path, std::uint64_t identity,
                                           const std::string& name) const {
  if (users_ == Users::kOwner) return status_for_owner(path_in(path, name));
  if (path.empty()) return status_at(resolver_.root(), path, name);
  const auto directory = resolve_identical(path, O_PATH | O_DIRECTORY, identity);
  if (!directory) return std::unexpected(directory.error());
  return status_at(directory->get(), path, name);
}

Result<SourceStatus> SourceRoot::status_at(int directory, const std::string& path, const std::string& name) const {
  const std::string whole = path_in(path, name);
  if (users_ == Users::kOwner) return status_for_owner(whole);
  return status_for_other_users(resolver_, *acl_modes_, directory, name, whole);
}

Result<UniqueFd> SourceRoot::open_regular(const std::string& path, int access) const {
  const auto not_regular = [&] { return std::unexpected(Error{ErrorKind::kNotFound, path, "is not a regular file"}); };
  auto fd = resolver_.resolve(path, access | O_NONBLOCK | O_NOCTTY);
  if (!fd && (fd.error().os_error == ENXIO || fd.error().os_error == ENODEV)) return not_regular();  // socket, device
  if (!fd) return fd;
  const auto status = status_of(fd->get(), path);
  if (!status) return std::unexpected(status.error());
  if (!S_ISREG(status->st_mode)) return not_regular();
  return fd;
}

Result<UniqueFd> SourceRoot::open_directory(const std::string& path, std::uint64_t identity) const {
  return resolve_identical(path, O_RDONLY | O_DIRECTORY, identity);
}

Result<std::string> SourceRoot::read_link(const std::string& path, std::uint64_t identity) const {
  const auto link = resolve_identical(path, O_PATH | O_NOFOLLOW, identity);
  if (!link) return std::unexpected(link.error());
  return target_of_link(link->get(), path);
}

Result<struct statvfs> SourceRoot::filesystem_status(const std::string& path, std::uint64_t identity) const {
  const auto fd = resolve_identical(path, O_PATH, identity);
  if (!fd) return std::unexpected(fd.error());
  struct statvfs status;
  if (::fstatvfs(fd->get(), &status) != 0) return std::unexpected(system_error(path, "statvfs", errno));
  return status;
}

Result<void> SourceRoot::replace(UniqueFd root) {
  const auto status = status_of(root.get(), resolver_.name());
  if (!status) return std::unexpected(status.error());
  const dev_t device = is_local(root.get()) ? status->st_dev : kNotLocal;
  *local_device_ = kNotLocal;  // while either may be the root
  if (auto replaced = resolver_.replace(std::move(root)); !replaced) return replaced;
  *local_device_ = device;
  return {};
}

Result<SourceRoot::Position> SourceRoot::position_of(const std::string& path) const {
  UniqueFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return std::unexpected(system_error(path, "open", errno));
  auto status = status_of(fd.get(), path);
  // Up to "/", which is its own parent.
  for (Position position = Position::kRoot; status; position = Position::kBeneath) {
    if (status->st_dev == device_ && status->st_ino == inode_) return position;
    UniqueFd parent(::openat(fd.get(), "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!parent) return std::unexpected(system_error(path, "open", errno));
    const auto below = *status;
    status = status_of(parent.get(), path);
    if (status && status->st_dev == below.st_dev && status->st_ino == below.st_ino) return Position::kOutside;
    fd = std::move(parent);
  }
  return std::unexpected(status.error());
}

}  // namespace npyfs
