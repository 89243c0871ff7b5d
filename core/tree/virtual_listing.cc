#include "core/tree/virtual_listing.h"

#include <sys/stat.h>

#include <string>
#include <utility>

namespace npyfs {

VirtualListing::VirtualListing(const VirtualPath& directory, ArrayState array, std::uint64_t default_chunks,
                               dev_t root_device)
    : directory_(directory),
      array_(std::move(array)),
      root_device_(root_device),
      names_(directory_, array_, default_chunks) {}

Result<void> VirtualListing::read(std::uint64_t cookie, const Visit& visit) {
  for (; cookie < kDots + names_.count(); ++cookie) {
    if (cookie < kDots) {
      const VirtualPath& path = cookie == 0 ? directory_ : VirtualPath{};
      const ino_t inode = inode_of(path, array_, root_device_);
      if (!visit({cookie == 0 ? "." : "..", inode, S_IFDIR, cookie + 1})) return {};
      continue;
    }
    const std::string name = names_.name(cookie - kDots);
    ListedName listed = describe(name);
    listed.next_cookie = cookie + 1;
    if (!visit(listed)) return {};
  }
  return {};
}

ListedName VirtualListing::describe(std::string_view name) const {
  const auto found = find_name(directory_, name, array_);
  if (!found) return {name, 0, S_IFREG, 0};  // cannot happen: the name was listed
  const mode_t type = is_directory(found->path.name) ? S_IFDIR : S_IFREG;
  return {name, inode_of(found->path, array_, root_device_), type, 0};
}

}  // namespace npyfs
