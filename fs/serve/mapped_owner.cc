#include "fs/serve/mapped_owner.h"

#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace npyfs {
namespace {

std::string content_of(const char* path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

MappedOwner MappedOwner::of_this_process() {
  return MappedOwner(number_of_unmapped(content_of("/proc/self/uid_map"), content_of("/proc/sys/kernel/overflowuid")),
                     number_of_unmapped(content_of("/proc/self/gid_map"), content_of("/proc/sys/kernel/overflowgid")),
                     ::geteuid(), ::getegid());
}

void MappedOwner::show(struct stat& status) const {
  if (status.st_uid == owner_) status.st_uid = own_owner_;
  if (status.st_gid == group_) status.st_gid = own_group_;
}

std::optional<unsigned> number_of_unmapped(std::string_view map, std::string_view overflow) {
  std::istringstream number{std::string(overflow)};
  unsigned unmapped = 0;
  if (!(number >> unmapped)) return std::nullopt;
  // A line: the first number in the namespace, the first outside, how many.
  std::istringstream lines{std::string(map)};
  bool has_lines = false;
  for (std::uint64_t first = 0, outside = 0, count = 0; lines >> first >> outside >> count; has_lines = true) {
    if (unmapped >= first && unmapped - first < count) return std::nullopt;
  }
  return has_lines ? std::optional(unmapped) : std::nullopt;
}

}  // namespace npyfs
