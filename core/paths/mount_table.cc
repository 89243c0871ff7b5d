#include "core/paths/mount_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>

#include "core/base/escape.h"
#include "core/paths/remote_filesystem.h"

namespace npyfs {
namespace {

std::string_view take_until(std::string_view& text, std::string_view end) {
  const std::size_t found = std::min(text.find(end), text.size());
  const std::string_view taken = text.substr(0, found);
  text.remove_prefix(std::min(found + end.size(), text.size()));
  return taken;
}

std::string_view take_field(std::string_view& line) {
  return take_until(line, " ");
}

// The kernel writes blanks, line breaks and backslashes as three octal digits (\040).
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

// number, parent, device, root, place, options, any number of optional fields, "-", type, ...
MountEntry entry_of(std::string_view line) {
  MountEntry entry;
  const std::string_view number = take_field(line);
  std::from_chars(number.data(), number.data() + number.size(), entry.number);
  take_field(line);
  entry.device = take_field(line);
  take_field(line);
  entry.place = unescaped(take_field(line));
  take_until(line, " - ");
  entry.type = unescaped(take_field(line));
  return entry;
}

// Both absolute.
bool is_at_or_beneath(std::string_view path, std::string_view directory) {
  if (directory == "/") return true;
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

bool is_fuse(std::string_view type) {
  return type == "fuse" || type.starts_with("fuse.");
}

// Whether npyfs' own mount is anywhere in the source, by whatever bind mount.
bool leads_back(const std::vector<MountEntry>& table, const SourcePlace& source) {
  return std::ranges::any_of(table, [&](const MountEntry& own) {
    if (own.place != source.mountpoint || !is_fuse(own.type)) return false;
    return std::ranges::any_of(table, [&](const MountEntry& entry) {
      return entry.device == own.device && is_at_or_beneath(entry.place, source.path);
    });
  });
}

}  // namespace

std::vector<MountEntry> mount_entries(std::string_view text) {
  std::vector<MountEntry> entries;
  while (!text.empty()) entries.push_back(entry_of(take_until(text, "\n")));
  return entries;
}

const MountEntry* successor_in(const std::vector<MountEntry>& table, const SourcePlace& source) {
  const MountEntry* successor = nullptr;
  for (const auto& entry : table) {
    if (entry.number == source.mount) return nullptr;
    if (entry.place == source.place) successor = &entry;
  }
  return successor;
}

std::optional<std::string> why_not_to_open(const std::vector<MountEntry>& table, const SourcePlace& source) {
  for (const auto& entry : table) {
    // Of the system's root nothing is asked, unless it is the source's: whatever is done here takes that.
    const bool is_on_the_way = is_at_or_beneath(source.path, entry.place) && entry.place != "/";
    if ((is_on_the_way || entry.place == source.place) && storage_of_type(entry.type) != Storage::kLocal) {
      return fmt::format("{} is {} now, and only a local filesystem is taken for the source while npyfs runs",
                         escaped(entry.place), escaped(entry.type));
    }
  }
  if (leads_back(table, source)) return "the mountpoint is in it, and reading it would lead back into the mount";
  return std::nullopt;
}

}  // namespace npyfs
