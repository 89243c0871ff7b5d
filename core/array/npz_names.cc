#include "core/array/npz_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/utf8.h"

namespace npyfs {
namespace {

constexpr std::size_t kLongestPath = 4095;      // bytes: PATH_MAX, without a NUL
constexpr std::size_t kLongestComponent = 255;  // NAME_MAX

// a + b < c + d, without making either.
bool is_before(std::string_view a, std::string_view c, std::string_view d) {
  const int order = a.substr(0, c.size()).compare(c);
  if (order != 0) return order < 0;
  return a.substr(c.size()) < d;
}

}  // namespace

std::string why_no_path(std::string_view name, bool is_utf8) {
  if (name.empty()) return "its name is empty";
  if (name.find('\0') != name.npos) return "its name holds a NUL byte";
  if (is_utf8 && !npyfs::is_utf8(name)) return "its name is marked as UTF-8, and is not UTF-8";
  if (name.front() == '/') return "its name is an absolute path, and only names below the archive are served";
  if (name.size() > kLongestPath) {
    return fmt::format("its name has {} bytes; {} are the most in a path", name.size(), kLongestPath);
  }
  if (name == kArchiveSource || name == kArchiveError) return "npyfs itself has a file of this name in the archive";
  if (name.ends_with('/')) name.remove_suffix(1);
  while (true) {
    const std::string_view component = name.substr(0, name.find('/'));
    if (component.empty()) return "its name has an empty component, between two slashes";
    if (component == "..") return "its name has a component '..', which leads out of its directory";
    if (component == ".") return "its name has a component '.'";
    if (component.size() > kLongestComponent) {
      return fmt::format("its name has a component of {} bytes; {} are the most", component.size(), kLongestComponent);
    }
    if (component.size() == name.size()) return "";
    name.remove_prefix(component.size() + 1);
  }
}

void NpzNames::leave_out(std::string_view name, std::string why) {
  ++left_out_count_;
  if (left_out_.size() >= kMostLeftOut) return;
  constexpr std::size_t kShown = 200;  // bytes
  std::string shown(name.substr(0, kShown));
  if (name.size() > kShown) shown += "...";
  left_out_.push_back({ErrorKind::kNotSliceable, std::move(shown), std::move(why)});
}

void NpzNames::add(const ZipMember& member) {
  const std::string name = member.name();
  if (std::string why = why_no_path(name, member.is_utf8); !why.empty()) return leave_out(name, std::move(why));
  entries_.push_back({.position = member.position,
                      .at = text_.size() & ((std::uint64_t{1} << 48) - 1),
                      .size = name.size() & 0x1FFF,
                      .is_stored = member.is_stored()});
  text_ += name;
}

void NpzNames::sort() {
  std::ranges::sort(entries_, [this](const Entry& a, const Entry& b) {
    const int order = path_of(a).compare(path_of(b));
    return order != 0 ? order < 0 : a.position > b.position;
  });
  const auto same = [this](const Entry& a, const Entry& b) { return path_of(a) == path_of(b); };
  const auto repeated = std::ranges::unique(entries_, same);
  entries_.erase(repeated.begin(), repeated.end());
  // First they are marked, because has_directory() needs them in order.
  std::vector<bool> is_directory_too(entries_.size());
  for (std::size_t i = 0; i < entries_.size(); ++i) is_directory_too[i] = has_directory(path_of(entries_[i]));
  std::size_t kept = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (is_directory_too[i]) {
      leave_out(path_of(entries_[i]), "its name is also that of a directory of the archive");
    } else {
      entries_[kept++] = entries_[i];
    }
  }
  entries_.resize(kept);
}

NpzNames::Name NpzNames::name(std::uint64_t index) const {
  const Entry& entry = entries_[index];
  return {path_of(entry), entry.position, entry.is_stored != 0};
}

std::vector<NpzNames::Entry>::const_iterator NpzNames::lower_bound(std::string_view path, std::string_view end) const {
  return std::ranges::partition_point(entries_,
                                      [&](const Entry& entry) { return is_before(path_of(entry), path, end); });
}

std::optional<NpzNames::Name> NpzNames::find(std::string_view path) const {
  const auto found = lower_bound(path);
  if (path.ends_with('/') || found == entries_.end() || path_of(*found) != path) return std::nullopt;
  return name(static_cast<std::uint64_t>(found - entries_.begin()));
}

bool NpzNames::has_directory(std::string_view path) const {
  if (path.empty()) return true;
  if (path.ends_with('/')) return false;  // the record of a directory itself
  const auto first = lower_bound(path, "/");
  if (first == entries_.end()) return false;
  const std::string_view name = path_of(*first);
  return name.starts_with(path) && name.substr(path.size()).starts_with('/');
}

std::optional<NpzNames::Child> NpzNames::child(std::string_view directory, std::uint64_t index) const {
  const std::size_t prefix = directory.empty() ? 0 : directory.size() + 1;
  const auto begin = directory.empty() ? entries_.begin() : lower_bound(directory, "/");
  index = std::max(index, static_cast<std::uint64_t>(begin - entries_.begin()));
  for (; index < entries_.size(); ++index) {
    const Name found = name(index);
    const bool is_below = prefix == 0 || (found.path.starts_with(directory) && found.path.size() >= prefix &&
                                          found.path[prefix - 1] == '/');
    if (!is_below) return std::nullopt;
    const std::string_view rest = found.path.substr(prefix);
    if (rest.empty()) continue;  // the record of the directory itself
    const std::size_t slash = rest.find('/');
    if (slash == rest.npos) return Child{rest, false, found.is_stored, index + 1};
    const std::string_view whole = found.path.substr(0, prefix + slash);
    const auto behind = lower_bound(whole, "0");  // '0' follows '/' in ASCII
    return Child{rest.substr(0, slash), true, false, static_cast<std::uint64_t>(behind - entries_.begin())};
  }
  return std::nullopt;
}

}  // namespace npyfs
