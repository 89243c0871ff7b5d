#include "core/array/array_name.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/escape.h"

namespace npyfs {

bool is_archive_name(std::string_view name, mode_t type) {
  return S_ISREG(type) && name.ends_with(".npz");
}

bool is_array_name(std::string_view name, mode_t type, const ArraySuffixes& suffixes) {
  if (is_archive_name(name, type)) return false;
  const auto is_suffix = [&](const std::string& suffix) { return name.ends_with(suffix); };
  return S_ISREG(type) && (name.ends_with(".npy") || std::ranges::any_of(suffixes, is_suffix));
}

Result<void> check_array_suffix(const std::string& option, std::string_view suffix) {
  constexpr std::string_view kNotInNames("/\0", 2);
  if (suffix.size() >= 2 && suffix.front() == '.' && suffix.find_first_of(kNotInNames) == suffix.npos) return {};
  return std::unexpected(Error{
      ErrorKind::kInvalidArgument, option,
      fmt::format("'{}' is no suffix of files: it begins with a dot, as .cs does, and has no '/'", escaped(suffix))});
}

}  // namespace npyfs
