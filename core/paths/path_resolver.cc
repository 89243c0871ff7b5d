#include "core/paths/path_resolver.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "core/paths/path_walk.h"
#include "core/paths/source_path.h"

namespace npyfs {
namespace {

std::string without_trailing_slashes(std::string path) {
  while (path.ends_with('/')) path.pop_back();
  return path;
}

// Absolute paths of `directory`; the last one is without links.
Result<std::vector<std::string>> names_of(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  const auto as_given = std::filesystem::absolute(directory, error);
  // lexically_normal() cuts "link/..", which the kernel resolves to the parent of the link's target.
  const bool has_parent = std::ranges::find(as_given, "..") != as_given.end();
  if (!has_parent) names.push_back(without_trailing_slashes(as_given.lexically_normal()));
  const auto real = std::filesystem::canonical(directory, error);
  if (!error) names.push_back(without_trailing_slashes(real));
  if (names.empty()) return std::unexpected(system_error(directory, "realpath", error.value()));
  return names;
}

}  // namespace

Result<PathResolver> PathResolver::open(const std::string& directory, Symlinks symlinks) {
  UniqueFd root(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return std::unexpected(system_error(directory, "open", errno));
  auto names = names_of(directory);
  if (!names) return std::unexpected(names.error());
  PathResolver resolver(std::move(root), std::move(*names), symlinks);
  const auto itself = resolver.resolve("", O_PATH);
  if (!itself) return std::unexpected(system_error(directory, "open", itself.error().os_error));
  return resolver;
}

Result<void> PathResolver::replace(UniqueFd root) {
  if (::dup3(root.get(), root_.get(), O_CLOEXEC) >= 0) return {};
  return std::unexpected(system_error(name(), "dup3", errno));
}

Result<UniqueFd> PathResolver::resolve(const std::string& path, int flags) const {
  const WalkRules rules = {root(), names_, symlinks_ == Symlinks::kAnywhere, own_device_};
  return walk(rules, root(), path, flags, path);
}

Result<UniqueFd> PathResolver::open_anywhere(int directory, const std::string& name, const std::string& path) const {
  return walk({root(), names_, true, own_device_}, directory, name, O_PATH, path);
}

std::string PathResolver::absolute(std::string_view path) const {
  return SourcePath::absolute(name(), path);
}

bool leads_nowhere(const Error& error) {
  const int why = error.os_error;
  return why == ENOENT || why == EXDEV || why == ELOOP || why == EACCES || why == ENOTDIR || why == ENAMETOOLONG;
}

}  // namespace npyfs
