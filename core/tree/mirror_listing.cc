#include "core/tree/mirror_listing.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string_view>

#include "core/array/attributes.h"
#include "core/tree/control_files.h"

namespace npyfs {
namespace {

constexpr std::uint64_t kUnknown = ~std::uint64_t{0};  // no cookie: the next read seeks

}  // namespace

Result<std::unique_ptr<Listing>> MirrorListing::open(const SourceRoot& root, const std::string& path,
                                                     std::uint64_t identity, ArraySuffixes suffixes) {
  auto fd = root.open_directory(path, identity);
  if (!fd) return std::unexpected(fd.error());
  const auto status = status_of(fd->get(), path);
  if (!status) return std::unexpected(status.error());
  auto directory = directory_stream(std::move(*fd), path);
  if (!directory) return std::unexpected(directory.error());
  return std::unique_ptr<Listing>(
      new MirrorListing(root, path, std::move(suffixes), status->st_dev, std::move(*directory)));
}

Result<void> MirrorListing::read(std::uint64_t cookie, const Visit& visit) {
  const MutexLock lock(mutex_);
  if (auto moved = move_to(cookie); !moved) return moved;
  while (true) {
    // Until `visit` has taken the name: if it refuses the name, or throws, readdir is one name ahead.
    position_ = kUnknown;
    errno = 0;
    const dirent* entry = ::readdir(directory_.get());
    if (entry == nullptr && errno == EINTR) continue;
    if (entry == nullptr && errno != 0) return std::unexpected(system_error(path_, "readdir", errno));
    if (entry == nullptr) return {};
    // The mount's own .npyfs/ hides a file of the source with that name, and is not listed itself.
    const bool is_hidden = path_.empty() && std::string_view(entry->d_name) == kControlDirectoryName;
    if (!is_hidden && !visit(describe(*entry))) return {};
    position_ = static_cast<std::uint64_t>(entry->d_off);
  }
}

// rewinddir(3) and seekdir(3) return no result, but each makes one lseek(2), whose errno tells of a failure.
Result<void> MirrorListing::move_to(std::uint64_t cookie) {
  if (cookie != 0 && cookie == position_) return {};
  position_ = kUnknown;
  errno = 0;
  if (cookie == 0) {
    ::rewinddir(directory_.get());
  } else {
    ::seekdir(directory_.get(), static_cast<long>(cookie));
  }
  if (errno != 0) return std::unexpected(system_error(path_, "seekdir", errno));
  return {};
}

ListedName MirrorListing::describe(const dirent& entry) const {
  struct stat itself = {};
  itself.st_dev = device_;
  itself.st_ino = entry.d_ino;
  ListedName listed{entry.d_name, mirrored_inode(itself, root_.device()), static_cast<mode_t>(DTTOIF(entry.d_type)),
                    static_cast<std::uint64_t>(entry.d_off)};
  if (is_of_unsure_type(entry)) {
    const auto status = root_.status_at(::dirfd(directory_.get()), path_, entry.d_name);
    if (status) {
      listed.inode = mirrored_inode(*status, root_.device());
      listed.type = status->st_mode & S_IFMT;
    }
  }
  if (is_archive_name(listed.name, listed.type) || is_array_name(listed.name, listed.type, suffixes_)) {
    listed.type = S_IFDIR;
  }
  return listed;
}

}  // namespace npyfs
