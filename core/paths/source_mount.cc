#include "core/paths/source_mount.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "core/paths/openat2.h"

namespace npyfs {
namespace {

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

// The number of the mount that a descriptor is open on; 0 where the system does not say.
std::uint64_t mount_of(int fd) {
  struct statx status;
  if (::statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &status) != 0) return 0;
  return (status.stx_mask & STATX_MNT_ID) != 0 ? status.stx_mnt_id : 0;
}

// The directory `path` on the mount of this number, if it is there. The mounts may be others by now than those of the
// table: so it is found without links, which might lead elsewhere, and without asking its filesystem or mounting
// anything there (autofs), and opened only where it is known to be on that mount.
UniqueFd open_on(std::uint64_t mount, const std::string& path) {
  const UniqueFd found(openat2(AT_FDCWD, path.empty() ? "/" : path, O_PATH | O_NOFOLLOW, RESOLVE_NO_SYMLINKS));
  if (!found || mount_of(found.get()) != mount) return {};
  return UniqueFd(::openat(found.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

}  // namespace

SourceMount::SourceMount(int root, std::string path, std::string mountpoint) {
  UniqueFd table(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  const std::uint64_t mount = mount_of(root);
  if (!table || mount == 0) return;
  for (auto& entry : mount_entries(content_of(table.get()))) {
    if (entry.number != mount) continue;
    source_ = {mount, std::move(entry.place), std::move(path), std::move(mountpoint)};
    table_ = std::move(table);
    return;
  }
}

Result<std::optional<UniqueFd>> SourceMount::replacement() {
  if (!table_) return std::nullopt;
  const auto table = mount_entries(content_of(table_.get()));
  const MountEntry* successor = successor_in(table, source_);
  const std::uint64_t refused = std::exchange(refused_, 0);
  if (successor == nullptr) return std::nullopt;
  if (const auto why = why_not_to_open(table, source_)) {
    refused_ = successor->number;
    if (refused == refused_) return std::nullopt;
    return std::unexpected(Error{ErrorKind::kInvalidArgument, source_.path,
                                 fmt::format("another filesystem was mounted in its place: {}", *why)});
  }
  UniqueFd root = open_on(successor->number, source_.path);
  if (!root) return std::nullopt;
  source_.mount = successor->number;
  return root;
}

}  // namespace npyfs
