#include "core/path_resolver.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <filesystem>

#include "core/file_names.h"
#include "core/followed_links.h"
#include "core/source_status.h"

namespace npyfs {
namespace {

constexpr int kMaxAttempts = 64;  // openat2 says EAGAIN while a rename is under way above a ".."

int open_at(int directory, const std::string& path, int flags, std::uint64_t resolve) {
  struct open_how how = {};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.resolve = resolve | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 0;; ++attempt) {
    const long fd = ::syscall(SYS_openat2, directory, path.empty() ? "." : path.c_str(), &how, sizeof how);
    if (fd >= 0 || (errno != EINTR && errno != EAGAIN) || attempt == kMaxAttempts) return static_cast<int>(fd);
  }
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

Result<UniqueFd> PathResolver::open_anywhere(int directory, const std::string& name, const std::string& path) const {
  UniqueFd fd(open_following_links(directory, name, O_PATH, own_device_));
  if (!fd) return std::unexpected(system_error(path, "open", errno));
  return fd;
}

bool leads_nowhere(const Error& error) {
  const int why = error.os_error;
  return why == ENOENT || why == EXDEV || why == ELOOP || why == EACCES || why == ENOTDIR;
}

Result<std::string> link_target(int link, const std::string& path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t length = ::readlinkat(link, "", target.data(), target.size());
  if (length < 0) return std::unexpected(system_error(path, "readlink", errno));
  target.resize(static_cast<std::size_t>(length));
  return target;
}

Result<PathResolver> PathResolver::open(const std::string& directory, LeavingLinks leaving_links) {
  UniqueFd root(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return std::unexpected(system_error(directory, "open", errno));
  PathResolver resolver(std::move(root), leaving_links);
  if (auto found = resolver.find_names(directory); !found) return std::unexpected(found.error());
  if (!UniqueFd(resolver.open_beneath("", O_PATH))) return std::unexpected(system_error(directory, "openat2", errno));
  return resolver;
}

Result<void> PathResolver::find_names(const std::string& directory) {
  std::error_code error;
  const auto as_given = std::filesystem::absolute(directory, error);
  // With ".." behind a link, what the name says and what the kernel makes of it are two directories.
  const bool is_plain = std::ranges::find(as_given, "..") == as_given.end();
  if (is_plain) names_.push_back(without_final_slash(as_given.lexically_normal()));
  const auto real = std::filesystem::canonical(directory, error);
  if (!error) names_.push_back(without_final_slash(real));
  if (names_.empty()) return std::unexpected(system_error(directory, "realpath", error.value()));
  return {};
}

Result<void> PathResolver::replace(UniqueFd root) {
  if (::dup3(root.get(), root_.get(), O_CLOEXEC) >= 0) return {};
  return std::unexpected(system_error(name(), "dup3", errno));
}

int PathResolver::open_strictly_beneath(const std::string& path, int flags) const {
  return open_at(root(), path, flags, RESOLVE_BENEATH);
}

int PathResolver::open_beneath(const std::string& path, int flags) const {
  const int fd = open_strictly_beneath(path, flags);
  if (fd >= 0 || errno != EXDEV || leaving_links_ == LeavingLinks::kAreLinks) return fd;
  return open_following_links(root(), path, flags, own_device_);
}

Result<UniqueFd> PathResolver::resolve(const std::string& path, int flags) const {
  UniqueFd fd(open_strictly_beneath(path, flags));
  if (fd) return fd;
  if (errno != EXDEV) return std::unexpected(system_error(path, "open", errno));
  // RESOLVE_BENEATH refuses every absolute link, also those that come back to where they started.
  auto beneath = resolve_absolute_links(path, flags);
  const bool leaves = !beneath && beneath.error().os_error == EXDEV;
  if (!leaves || leaving_links_ == LeavingLinks::kAreLinks) return beneath;
  fd = UniqueFd(open_following_links(root(), path, flags, own_device_));
  if (!fd) return std::unexpected(system_error(path, "open", errno));
  return fd;
}

// Walks the path in user space with links replaced by their targets, until no absolute one is left. The kernel then
// resolves what came out, beneath the root again: a race can only make this fail.
Result<UniqueFd> PathResolver::resolve_absolute_links(const std::string& path, int flags) const {
  std::string done;
  std::string rest = path;
  int links = 0;
  while (!rest.empty()) {
    const std::string component = take_component(rest);
    if (component.empty()) continue;
    const std::string candidate = path_in(done, component);
    const UniqueFd fd(open_strictly_beneath(candidate, O_PATH | O_NOFOLLOW));
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
      auto beneath = target_beneath(*target);
      if (!beneath) return std::unexpected(system_error(path, "open", EXDEV));
      done.clear();
      target = std::move(*beneath);
    }
    rest = *target + "/" + rest;
  }
  UniqueFd fd(open_strictly_beneath(done, flags));
  if (!fd) return std::unexpected(system_error(path, "open", errno));
  return fd;
}

// Where an absolute link leads, by whatever name of the root.
std::optional<std::string> PathResolver::target_beneath(std::string_view absolute) const {
  for (const auto& name : names_) {
    if (auto beneath = relative_to(name, absolute)) return beneath;
  }
  return std::nullopt;
}

std::string PathResolver::absolute(std::string_view path) const {
  return name() + (path.empty() && !name().empty() ? "" : "/") + std::string(path);
}

std::optional<std::string> PathResolver::relative(std::string_view absolute) const {
  return relative_to(name(), absolute);
}

}  // namespace npyfs
