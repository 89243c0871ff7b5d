// Owner and group of files in a user namespace that has no numbers for them, such as that of a container.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <optional>
#include <string_view>

namespace npyfs {

// The kernel writes to no file whose owner or group has no number in the user namespace of the mount: EACCES, without a
// request to npyfs. In a namespace that has only the user's own numbers, this is any file of a project's group, which
// the user may write otherwise. Thread-safe.
class MappedOwner {
 public:
  // Changes nothing.
  MappedOwner() = default;
  // In place of `owner` and `group` shows `own_owner` and `own_group`. nullopt: changes nothing.
  MappedOwner(std::optional<uid_t> owner, std::optional<gid_t> group, uid_t own_owner, gid_t own_group)
      : owner_(owner), group_(group), own_owner_(own_owner), own_group_(own_group) {}
  // In place of those that have no number in the namespace of this process shows the user and group of the process.
  static MappedOwner of_this_process();

  void show(struct stat& status) const;

 private:
  std::optional<uid_t> owner_;
  std::optional<gid_t> group_;
  uid_t own_owner_ = 0;
  gid_t own_group_ = 0;
};

// The number that stat(2) has in place of those without a number: `overflow`, a number in decimal. nullopt where it may
// be the file's own, since `map` has it, which has the format of /proc/self/uid_map; or where they make no sense.
std::optional<unsigned> number_of_unmapped(std::string_view map, std::string_view overflow);

}  // namespace npyfs
