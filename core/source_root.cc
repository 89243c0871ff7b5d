#include "core/source_root.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <utility>

#include "core/file_names.h"

namespace npyfs {
namespace {

constexpr int kMaxLinks = 40;     // as the kernel: include/linux/namei.h, MAXSYMLINKS
constexpr int kMaxAttempts = 64;  // openat2 says EAGAIN while a rename is under way above a ".."

const char* path_or_dot(const std::string& path) {
  return path.empty() ? "." : path.c_str();
}

int open_at(int directory, const char* path, int flags, std::uint64_t resolve) {
  struct open_how how = {};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.resolve = resolve | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 0;; ++attempt) {
    const long fd = ::syscall(SYS_openat2, directory, path, &how, sizeof how);
    if (fd >= 0 || (errno != EINTR && errno != EAGAIN) || attempt == kMaxAttempts) return static_cast<int>(fd);
  }
}

Result<std::string> link_target(int link, const std::string& path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t length = ::readlinkat(link, "", target.data(), target.size());
  if (length < 0) return std::unexpected(system_error(path, "readlink", errno));
  target.resize(static_cast<std::size_t>(length));
  return target;
}

Result<void> check_identity(int fd, std::uint64_t identity, const std::string& path) {
  const auto status = status_with_birth(fd, "", path);
  if (!status) return std::unexpected(status.error());
  if (status->identity() == identity) return {};
  return std::unexpected(Error{ErrorKind::kStale, path, "is not what it was when it was looked up"});
}

// Whether this is why a link is not followed, and so appears as a link.
bool leads_nowhere(const Error& error) {
  const int why = error.os_error;
  return why == ENOENT || why == EXDEV || why == ELOOP || why == EACCES || why == ENOTDIR;
}

Result<UniqueFd> open_followed(int directory, const std::string& name, const std::string& path) {
  UniqueFd fd(open_at(directory, name.c_str(), O_PATH, 0));
  if (!fd) return std::unexpected(system_error(path, "open", errno));
  return fd;
}

// `path` below `directory`, where it is; both absolute, `directory` without a final '/'.
std::optional<std::string> relative_to(const std::string& directory, std::string_view path) {
  if (!path.starts_with(directory)) return std::nullopt;
  path.remove_prefix(directory.size());
  if (path.empty()) return std::string();
  if (path[0] != '/') return std::nullopt;
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  return std::string(path);
}

std::string without_final_slash(std::string path) {
  while (path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace

Result<SourceRoot> SourceRoot::open(const std::string& directory, LeavingLinks leaving_links, Visitors visitors) {
  SourceRoot root;
  root.leaving_links_ = leaving_links;
  root.visitors_ = visitors;
  root.root_ = UniqueFd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root.root_) return std::unexpected(system_error(directory, "open", errno));
  const auto status = status_of(root.root_.get(), directory);
  if (!status) return std::unexpected(status.error());
  root.device_ = status->st_dev;
  root.inode_ = status->st_ino;

  std::error_code ignored;
  const auto as_given = std::filesystem::absolute(directory, ignored);
  // With ".." behind a link, what the name says and what the kernel makes of it are two directories.
  const bool is_plain = std::ranges::find(as_given, "..") == as_given.end();
  if (is_plain) root.names_.push_back(without_final_slash(as_given.lexically_normal()));
  const auto real = std::filesystem::canonical(directory, ignored);
  if (!ignored) root.names_.push_back(without_final_slash(real));
  if (root.names_.empty()) return std::unexpected(system_error(directory, "realpath", ignored.value()));

  if (!UniqueFd(root.open_beneath("", O_PATH))) return std::unexpected(system_error(directory, "openat2", errno));
  return root;
}

Result<void> SourceRoot::replace(UniqueFd root) {
  if (::dup3(root.get(), root_.get(), O_CLOEXEC) >= 0) return {};
  return std::unexpected(system_error(names_.back(), "dup3", errno));
}

int SourceRoot::open_beneath(const std::string& path, int flags) const {
  const std::uint64_t resolve = leaving_links_ == LeavingLinks::kAreFollowed ? 0 : RESOLVE_BENEATH;
  return open_at(root_.get(), path_or_dot(path), flags, resolve);
}

Result<UniqueFd> SourceRoot::resolve(const std::string& path, int flags) const {
  UniqueFd fd(open_beneath(path, flags));
  if (fd) return fd;
  // RESOLVE_BENEATH refuses every absolute link, also those that come back to where they started.
  if (errno == EXDEV) return resolve_absolute_links(path, flags);
  return std::unexpected(system_error(path, "open", errno));
}

// Walks the path in user space with links replaced by their targets, until no absolute one is left. The kernel then
// resolves what came out, beneath the root again: a race can only make this fail.
Result<UniqueFd> SourceRoot::resolve_absolute_links(const std::string& path, int flags) const {
  std::string done;
  std::string rest = path;
  int links = 0;
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    const std::string component = rest.substr(0, slash);
    rest.erase(0, slash == std::string::npos ? rest.size() : slash + 1);
    if (component.empty()) continue;
    const std::string candidate = path_in(done, component);
    const UniqueFd fd(open_beneath(candidate, O_PATH | O_NOFOLLOW));
    if (!fd) return std::unexpected(system_error(path, "open", errno));
    const auto status = status_of(fd.get(), path);
    if (!status) return std::unexpected(status.error());
    if (!S_ISLNK(status->st_mode)) {
      done = candidate;
      continue;
    }
    if (++links > kMaxLinks) return std::unexpected(system_error(path, "open", ELOOP));
    auto target = link_target(fd.get(), path);
    if (!target) return std::unexpected(target.error());
    if (target->starts_with('/')) {
      std::optional<std::string> beneath;
      for (const auto& name : names_) {
        if (!beneath) beneath = relative_to(name, *target);
      }
      if (!beneath) return std::unexpected(system_error(path, "open", EXDEV));
      done.clear();
      target = *beneath;
    }
    rest = *target + "/" + rest;
  }
  UniqueFd fd(open_beneath(done, flags));
  if (!fd) return std::unexpected(system_error(path, "open", errno));
  return fd;
}

Result<UniqueFd> SourceRoot::resolve_as(const std::string& path, int flags, std::uint64_t identity) const {
  auto fd = resolve(path, flags);
  if (!fd || identity == 0) return fd;
  if (auto same = check_identity(fd->get(), identity, path); !same) return std::unexpected(same.error());
  return fd;
}

Result<SourceStatus> SourceRoot::status(const std::string& path) const {
  if (visitors_ == Visitors::kOwner) return status_for_owner(path);
  if (path.empty()) return status_with_birth(root_.get(), "", path);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return status_in("", 0, path);
  return status_in(path.substr(0, slash), 0, path.substr(slash + 1));
}

Result<SourceStatus> SourceRoot::status_for_owner(const std::string& path) const {
  // A name in the root that is no link leads nowhere else: one system call does then, not three.
  SourceStatus status;
  if (!path.empty() && path.find('/') == std::string::npos && path != ".." &&
      ::fstatat(root_.get(), path.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISLNK(status.st_mode)) {
    return status;
  }
  const auto followed = resolve(path, O_PATH);
  if (followed) return status_of(followed->get(), path);
  if (leads_nowhere(followed.error())) {
    auto itself = status_beneath(path);
    if (itself && S_ISLNK(itself->st_mode)) return itself;
    if (!itself && is_shortage(itself.error())) return itself;
  }
  return std::unexpected(followed.error());
}

// Of what `path` itself is, a link or not.
Result<SourceStatus> SourceRoot::status_beneath(const std::string& path) const {
  const UniqueFd itself(open_beneath(path, O_PATH | O_NOFOLLOW));
  if (!itself) return std::unexpected(system_error(path, "open", errno));
  return status_of(itself.get(), path);
}

Result<SourceStatus> SourceRoot::status_in(const std::string& path, std::uint64_t identity,
                                           const std::string& name) const {
  if (visitors_ == Visitors::kOwner) return status_for_owner(path_in(path, name));
  if (path.empty()) return status_at(root_.get(), path, name);
  const auto directory = resolve_as(path, O_PATH | O_DIRECTORY, identity);
  if (!directory) return std::unexpected(directory.error());
  return status_at(directory->get(), path, name);
}

Result<SourceStatus> SourceRoot::status_at(int directory, const std::string& path, const std::string& name) const {
  const std::string whole = path_in(path, name);
  if (visitors_ == Visitors::kOwner) return status_for_owner(whole);
  // No name of a directory's own, and it might lead out of the root.
  if (name == ".." || name.contains('/')) return std::unexpected(system_error(whole, "stat", ENOENT));
  auto itself = status_with_birth(directory, name, whole);
  if (!itself || !S_ISLNK(itself->st_mode)) return itself;
  const bool all_are_followed = leaving_links_ == LeavingLinks::kAreFollowed;
  // Beneath the root, which the directory's own descriptor says nothing of, a link is found by its path: whatever that
  // leads to by now, what is found is for may_be_followed() to judge.
  const auto target = all_are_followed ? open_followed(directory, name, whole) : resolve(whole, O_PATH);
  if (!target && leads_nowhere(target.error())) return itself;
  if (!target) return std::unexpected(target.error());
  const auto allowed = all_are_followed ? true : may_be_followed(directory, target->get(), whole);
  if (!allowed) return std::unexpected(allowed.error());
  return *allowed ? status_with_birth(target->get(), "", whole) : itself;
}

// The directory that `target`, with this status, is in. kNotFound where it is not in it any more.
Result<UniqueFd> SourceRoot::parent_of(int target, const SourceStatus& status, const std::string& path) const {
  const auto gone = [&] { return std::unexpected(Error{ErrorKind::kNotFound, path, "leads to what was moved"}); };
  UniqueFd parent;
  if (S_ISDIR(status.st_mode)) {
    parent = UniqueFd(::openat(target, "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!parent) return std::unexpected(system_error(path, "open", errno));
    return parent;
  }
  std::error_code error;
  const auto absolute = std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", target), error);
  if (error) return std::unexpected(system_error(path, "readlink", error.value()));
  const auto directory = relative_to(names_.back(), absolute.parent_path().string());
  if (!directory) return gone();
  parent = UniqueFd(open_beneath(*directory, O_PATH | O_DIRECTORY));
  if (!parent) return std::unexpected(system_error(path, "open", errno));
  const auto named = status_with_birth(parent.get(), absolute.filename().string(), path);
  if (named && named->identity() == status.identity()) return parent;
  if (!named && is_shortage(named.error())) return std::unexpected(named.error());
  return gone();
}

// Whether everybody who has got to `directory` may get to `target`: all directories that it is in, up to that one or to
// the root, are open to all. They are found from the target upwards, since any path may lead elsewhere by now.
Result<bool> SourceRoot::may_be_followed(int directory, int target, const std::string& link) const {
  constexpr mode_t kAllMayEnter = S_IXUSR | S_IXGRP | S_IXOTH;
  const auto root = status_with_birth(root_.get(), "", link);
  if (!root) return std::unexpected(root.error());
  const auto of_link = status_with_birth(directory, "", link);
  if (!of_link) return std::unexpected(of_link.error());
  UniqueFd above;
  std::uint64_t below = 0;  // what was looked at last
  for (int at = target;; at = above.get()) {
    const auto status = status_with_birth(at, "", link);
    if (!status) return std::unexpected(status.error());
    const std::uint64_t identity = status->identity();
    if (identity == root->identity() || identity == of_link->identity()) return true;
    if (identity == below) return false;  // "/": it was moved out of the root
    if (below != 0 && (status->st_mode & kAllMayEnter) != kAllMayEnter) return false;
    auto parent = parent_of(at, *status, link);
    if (!parent && is_shortage(parent.error())) return std::unexpected(parent.error());
    if (!parent) return false;
    above = std::move(*parent);
    below = identity;
  }
}

Result<UniqueFd> SourceRoot::open_regular(const std::string& path, int access) const {
  const auto not_regular = [&] { return std::unexpected(Error{ErrorKind::kNotFound, path, "is not a regular file"}); };
  auto fd = resolve(path, access | O_NONBLOCK | O_NOCTTY);
  if (!fd && (fd.error().os_error == ENXIO || fd.error().os_error == ENODEV)) return not_regular();  // socket, device
  if (!fd) return fd;
  const auto status = status_of(fd->get(), path);
  if (!status) return std::unexpected(status.error());
  if (!S_ISREG(status->st_mode)) return not_regular();
  return fd;
}

Result<UniqueFd> SourceRoot::open_directory(const std::string& path, std::uint64_t identity) const {
  return resolve_as(path, O_RDONLY | O_DIRECTORY, identity);
}

Result<std::string> SourceRoot::read_link(const std::string& path, std::uint64_t identity) const {
  const UniqueFd link(open_beneath(path, O_PATH | O_NOFOLLOW));
  if (!link) return std::unexpected(system_error(path, "open", errno));
  if (identity != 0) {
    if (auto same = check_identity(link.get(), identity, path); !same) return std::unexpected(same.error());
  }
  return link_target(link.get(), path);
}

Result<struct statvfs> SourceRoot::filesystem_status(const std::string& path, std::uint64_t identity) const {
  const auto fd = resolve_as(path, O_PATH, identity);
  if (!fd) return std::unexpected(fd.error());
  struct statvfs status;
  if (::fstatvfs(fd->get(), &status) != 0) return std::unexpected(system_error(path, "statvfs", errno));
  return status;
}

std::string SourceRoot::absolute(std::string_view path) const {
  return names_.back() + (path.empty() && !names_.back().empty() ? "" : "/") + std::string(path);
}

Result<SourceRoot::Position> SourceRoot::position_of(const std::string& path) const {
  UniqueFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return std::unexpected(system_error(path, "open", errno));
  auto status = status_of(fd.get(), path);
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
