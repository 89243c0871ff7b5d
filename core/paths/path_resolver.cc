#include "core/paths/path_resolver.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "core/paths/path_walk.h"

namespace npyfs {
namespace {

std::string without_final_slash(std::string path) {
  while (path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace

Result<UniqueFd> PathResolver::open_anywhere(int directory, const std::string& name, const std::string& path) const {
  UniqueFd fd(walk({root(), names_, true, own_device_}, directory, name, O_PATH));
  if (!fd) return std::unexpected(system_error(path, "open", errno));
  return fd;
}

bool leads_nowhere(const Error& error) {
  const int why = error.os_error;
  return why == ENOENT || why == EXDEV || why == ELOOP || why == EACCES || why == ENOTDIR || why == ENAMETOOLONG;
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

int PathResolver::open_beneath(const std::string& path, int flags) const {
  return walk({root(), names_, leaving_links_ == LeavingLinks::kAreFollowed, own_device_}, root(), path, flags);
}

Result<UniqueFd> PathResolver::resolve(const std::string& path, int flags) const {
  UniqueFd fd(open_beneath(path, flags));
  if (!fd) return std::unexpected(system_error(path, "open", errno));
  return fd;
}

std::string PathResolver::absolute(std::string_view path) const {
  return name() + (path.empty() && !name().empty() ? "" : "/") + std::string(path);
}

}  // namespace npyfs
