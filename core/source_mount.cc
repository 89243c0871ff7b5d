#include "core/source_mount.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

namespace npyfs {
namespace {

struct MountEntry {
  std::uint64_t number = 0;
  std::string place;  // with escapes (\040), as the kernel writes it
};

// Empty where it cannot be read.
std::string content_of(int fd) {
  std::string text;
  std::string piece(std::size_t{64} << 10, '\0');
  if (::lseek(fd, 0, SEEK_SET) != 0) return {};
  while (true) {
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return {};
    if (got == 0) return text;
    text.append(piece, 0, static_cast<std::size_t>(got));
  }
}

std::string_view take_field(std::string_view& line) {
  const std::string_view field = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(field.size() + 1, line.size()));
  return field;
}

// proc(5): number, parent, device, root, place, ...
std::vector<MountEntry> entries_of(std::string_view text) {
  std::vector<MountEntry> entries;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    MountEntry entry;
    const std::string_view number = take_field(line);
    std::from_chars(number.data(), number.data() + number.size(), entry.number);
    for (int skipped = 0; skipped < 3; ++skipped) take_field(line);
    entry.place = take_field(line);
    entries.push_back(std::move(entry));
  }
  return entries;
}

// The number of the mount that a descriptor is open on; 0 where the system does not say.
std::uint64_t mount_of(int fd) {
  struct statx status;
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &status) != 0) return 0;
  return (status.stx_mask & STATX_MNT_ID) != 0 ? status.stx_mnt_id : 0;
}

}  // namespace

SourceMount::SourceMount(int root, std::string path) : path_(std::move(path)) {
  UniqueFd table(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  const std::uint64_t mount = mount_of(root);
  if (!table || mount == 0) return;
  for (auto& entry : entries_of(content_of(table.get()))) {
    if (entry.number != mount) continue;
    mount_ = mount;
    place_ = std::move(entry.place);
    table_ = std::move(table);
    return;
  }
}

std::optional<UniqueFd> SourceMount::replacement() {
  if (!table_) return std::nullopt;
  std::uint64_t at_place = 0;
  for (const auto& entry : entries_of(content_of(table_.get()))) {
    if (entry.number == mount_) return std::nullopt;
    if (entry.place == place_) at_place = entry.number;  // the last one covers the others
  }
  if (at_place == 0) return std::nullopt;
  UniqueFd root(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root || mount_of(root.get()) != at_place) return std::nullopt;
  mount_ = at_place;
  return root;
}

}  // namespace npyfs
