// The mount table of /proc/self/mountinfo, and what it tells about a mount that has replaced the mount of the source.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace npyfs {

// The fields have their names from proc(5).
struct MountEntry {
  std::uint64_t mount_id = 0;
  std::string device;       // "major:minor"; the same for all mounts of one filesystem
  std::string mount_point;  // an absolute path
  std::string type;         // of the filesystem: "ext4", "fuse.npyfs"
  std::string options;      // of the filesystem, with commas between them: "rw,user_id=0"
};

// The entries of `text`, which has the format of mountinfo, in their order. Of several mounts on one mount point, the
// last one hides the others. A field that is missing in a line is empty or 0.
std::vector<MountEntry> mount_entries(std::string_view text);

// Where the source is. All paths are absolute and have no links.
struct SourceLocation {
  std::uint64_t mount_id = 0;   // of the mount that the source is on
  std::string mount_point;      // of that mount
  std::string path;             // of the source, at or below mount_point
  std::string own_mount_point;  // of npyfs; "" if it is not mounted
};

// The mount that has replaced the mount of the source: the last one on the same mount point. nullptr if the mount of
// the source is still in the table, or if nothing is mounted there. Points into `table`.
const MountEntry* successor_in(const std::vector<MountEntry>& table, const SourceLocation& source);

// Why source.path must not be opened on its successor while npyfs runs; nullopt if it may be. Every filesystem on the
// way to the path must be local. Others may wait for a server, mount again what was just unmounted (autofs), or be
// npyfs itself, which then waits for itself. Decided from the table alone, without a system call that might wait.
std::optional<std::string> why_not_to_open(const std::vector<MountEntry>& table, const SourceLocation& source);

}  // namespace npyfs
