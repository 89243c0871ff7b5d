// The table of mounts, as /proc/self/mountinfo has it, and what it says of a mount in the place of the source's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace npyfs {

struct MountEntry {
  std::uint64_t number = 0;
  std::string device;  // "major:minor"; the same for all mounts of one filesystem
  std::string place;   // the absolute path that it is mounted at
  std::string type;    // of the filesystem: "ext4", "fuse.npyfs"
};

// The entries of a table in proc(5)'s format, in their order: of those in one place the last covers the others.
std::vector<MountEntry> mount_entries(std::string_view text);

struct SourcePlace {
  std::uint64_t mount = 0;  // the number of the mount that the source is on
  std::string place;        // where that is, or was, mounted
  std::string path;         // the source, on it
  std::string mountpoint;   // of npyfs; empty for none
};

// The mount that has taken the place of the source's; nullptr while that one is there, or nothing is in its place.
// Points into `table`.
const MountEntry* successor_in(const std::vector<MountEntry>& table, const SourcePlace& source);

// Why source.path, on its successor, is not even to be looked at while npyfs runs: empty where it may be. What is not
// local may wait for a server, mount again what was taken away (autofs), or be npyfs itself and wait for itself, and
// so may all that there is on the way. That is said of the table alone, which never waits.
std::optional<std::string> why_not_to_open(const std::vector<MountEntry>& table, const SourcePlace& source);

}  // namespace npyfs
