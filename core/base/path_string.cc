#include "core/base/path_string.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <cstdint>

namespace npyfs {

std::string temporary_name() {
  std::uint32_t number = 0;
  (void)::getrandom(&number, sizeof number, 0);  // never fails for so few bytes: getrandom(2)
  return fmt::format(".npyfs-{:08x}.tmp", number);
}

std::string parent_directory(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string containing_directory(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return std::string(path.substr(0, slash == std::string_view::npos ? 0 : slash));
}

std::string last_component(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

std::string take_component(std::string& path) {
  path = without_leading_slashes(path);
  const std::size_t end = std::min(path.find('/'), path.size());
  std::string component = path.substr(0, end);
  path.erase(0, end);
  return component;
}

std::string without_leading_slashes(std::string_view path) {
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  return std::string(path);
}

std::string path_in(std::string_view directory, std::string_view name) {
  return directory.empty() ? std::string(name) : fmt::format("{}/{}", directory, name);
}

std::optional<std::string> relative_path(std::string_view directory, std::string_view path) {
  if (!path.starts_with(directory)) return std::nullopt;
  path.remove_prefix(directory.size());
  if (path.empty()) return std::string();
  if (path[0] != '/') return std::nullopt;
  return without_leading_slashes(path);
}

}  // namespace npyfs
