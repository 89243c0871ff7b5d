#include "core/paths/mount_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>

#include "core/base/escape.h"
#include "core/paths/remote_filesystem.h"

namespace npyfs {
namespace {

// Removes the front of `text` up to and including `end`, and returns what comes before `end`. All of `text` if it does
// not contain `end`.
std::string_view take_until(std::string_view& text, std::string_view end) {
  const std::size_t found = std::min(text.find(end), text.size());
  const std::string_view taken = text.substr(0, found);
  text.remove_prefix(std::min(found + end.size(), text.size()));
  return taken;
}

std::string_view take_field(std::string_view& line) {
  return take_until(line, " ");
}

// The kernel escapes space, tab, newline and backslash as a backslash and three octal digits ("\040").
std::string unescaped(std::string_view field) {
  std::string text;
  while (!field.empty()) {
    const std::string_view digits = field.substr(1, 3);
    unsigned char code = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 8);
    const bool is_escape = field[0] == '\\' && error == std::errc() && end == field.data() + 4;
    text.push_back(is_escape ? static_cast<char>(code) : field[0]);
    field.remove_prefix(is_escape ? 4 : 1);
  }
  return text;
}

// A line is: mount ID, parent ID, major:minor, root, mount point, options, any number of optional fields, "-", type,
// source, options of the filesystem
MountEntry entry_of(std::string_view line) {
  MountEntry entry;
  const std::string_view id = take_field(line);
  std::from_chars(id.data(), id.data() + id.size(), entry.mount_id);
  take_field(line);
  entry.device = take_field(line);
  take_field(line);
  entry.mount_point = unescaped(take_field(line));
  take_until(line, " - ");
  entry.type = unescaped(take_field(line));
  take_field(line);
  entry.options = take_field(line);
  return entry;
}

// Both paths are absolute.
bool is_at_or_below(std::string_view path, std::string_view directory) {
  if (directory == "/") return true;
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

bool is_fuse(std::string_view type) {
  return type == "fuse" || type.starts_with("fuse.");
}

// Whether the mount of this npyfs, or a bind mount of it, is at or below the source. A bind mount has the same device.
bool leads_back(const std::vector<MountEntry>& table, const SourceLocation& source) {
  return std::ranges::any_of(table, [&](const MountEntry& own) {
    if (own.mount_point != source.own_mount_point || !is_fuse(own.type)) return false;
    return std::ranges::any_of(table, [&](const MountEntry& entry) {
      return entry.device == own.device && is_at_or_below(entry.mount_point, source.path);
    });
  });
}

}  // namespace

std::vector<MountEntry> mount_entries(std::string_view text) {
  std::vector<MountEntry> entries;
  while (!text.empty()) entries.push_back(entry_of(take_until(text, "\n")));
  return entries;
}

const MountEntry* successor_in(const std::vector<MountEntry>& table, const SourceLocation& source) {
  const MountEntry* successor = nullptr;
  for (const auto& entry : table) {
    if (entry.mount_id == source.mount_id) return nullptr;
    if (entry.mount_point == source.mount_point) successor = &entry;
  }
  return successor;
}

std::optional<std::string> why_not_to_open(const std::vector<MountEntry>& table, const SourceLocation& source) {
  for (const auto& entry : table) {
    // The filesystem at "/" is used for everything that npyfs does, so it is checked only if it is the source's.
    const bool is_on_the_way = is_at_or_below(source.path, entry.mount_point) && entry.mount_point != "/";
    if (!is_on_the_way && entry.mount_point != source.mount_point) continue;
    if (storage_of_type(entry.type) == Storage::kLocal) continue;
    return fmt::format("{} is {} now, and only a local filesystem is taken for the source while npyfs runs",
                       escaped(entry.mount_point), escaped(entry.type));
  }
  if (leads_back(table, source)) return "the mountpoint is in it, and reading it would lead back into the mount";
  return std::nullopt;
}

}  // namespace npyfs
