#include "core/tree/archive_listing.h"

#include <sys/stat.h>

#include <utility>

#include "core/array/archive_error.h"
#include "core/array/attributes.h"
#include "core/base/path_string.h"

namespace npyfs {
namespace {

// Cookies: ".", "..", the two files that npyfs makes, and then the index of a name in the archive.
constexpr std::uint64_t kFirstMember = kDots + 2;

}  // namespace

bool has_error(const ArchiveState& state, const ArraySuffixes& suffixes) {
  return !archive_error(*state.archive, "", suffixes).empty();
}

// error.txt contains the archive's name: two links to it have two of them.
ino_t archive_inode(const ArchiveState& state, dev_t root_device, std::string_view member) {
  if (member.empty()) return mirrored_inode(state.status, root_device);
  if (member == kArchiveError) return member_inode(state.status, root_device, state.path.absolute() + "//error.txt");
  return member_inode(state.status, root_device, member);
}

ArchiveListing::ArchiveListing(std::string directory, ArchiveState archive, const ArraySuffixes& suffixes,
                               dev_t root_device)
    : directory_(std::move(directory)),
      state_(std::move(archive)),
      suffixes_(suffixes),
      root_device_(root_device),
      has_error_(directory_.empty() && has_error(state_, suffixes_)) {}

Result<void> ArchiveListing::read(std::uint64_t cookie, const Visit& visit) {
  for (; cookie < kFirstMember; ++cookie) {
    if (!visit_own(cookie, visit)) return {};
  }
  const NpzNames& names = state_.archive->names();
  std::uint64_t index = cookie - kFirstMember;
  while (const auto child = names.child(directory_, index)) {
    const std::string path = path_in(directory_, child->name);
    const bool is_array = !child->is_directory && is_array_name(child->name, S_IFREG, suffixes_);
    const bool is_left_out = !child->is_directory && !is_array && !child->is_stored;
    const mode_t type = child->is_directory || is_array ? S_IFDIR : S_IFREG;
    if (!is_left_out && !visit({child->name, inode(path), type, kFirstMember + child->next})) return {};
    index = child->next;
  }
  return {};
}

// False if `visit` has not taken it.
bool ArchiveListing::visit_own(std::uint64_t cookie, const Visit& visit) const {
  if (cookie == 0) return visit({".", inode(directory_), S_IFDIR, 1});
  if (cookie == 1) return visit({"..", inode(parent_directory(directory_)), S_IFDIR, 2});
  if (!directory_.empty()) return true;
  if (cookie == kDots) return visit({kArchiveSource, inode(kArchiveSource), S_IFREG, kDots + 1});
  return !has_error_ || visit({kArchiveError, inode(kArchiveError), S_IFREG, kFirstMember});
}

ino_t ArchiveListing::inode(std::string_view member) const {
  return archive_inode(state_, root_device_, member);
}

}  // namespace npyfs
