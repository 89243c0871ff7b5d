#include "core/tree/listing.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "core/array/attributes.h"
#include "core/tree/control_files.h"

namespace npyfs {
namespace {

constexpr std::uint64_t kDots = 2;                     // "." and ".."
constexpr std::uint64_t kUnknown = ~std::uint64_t{0};  // no cookie: the next read seeks

}  // namespace

bool is_array_name(std::string_view name, mode_t type) {
  return S_ISREG(type) && name.ends_with(".npy");
}

Result<std::unique_ptr<Listing>> MirrorListing::open(const SourceRoot& root, const std::string& path,
                                                     std::uint64_t identity) {
  auto fd = root.open_directory(path, identity);
  if (!fd) return std::unexpected(fd.error());
  const auto status = status_of(fd->get(), path);
  if (!status) return std::unexpected(status.error());
  auto directory = directory_stream(std::move(*fd), path);
  if (!directory) return std::unexpected(directory.error());
  return std::unique_ptr<Listing>(new MirrorListing(root, path, status->st_dev, std::move(*directory)));
}

Result<void> MirrorListing::read(std::uint64_t cookie, const Visit& visit) {
  const MutexLock lock(mutex_);
  if (auto moved = move_to(cookie); !moved) return moved;
  while (true) {
    position_ = kUnknown;  // until a name has been taken: readdir is one ahead of what `visit` refuses, or throws at
    errno = 0;
    const dirent* entry = ::readdir(directory_.get());
    if (entry == nullptr && errno == EINTR) continue;
    if (entry == nullptr && errno != 0) return std::unexpected(system_error(path_, "readdir", errno));
    if (entry == nullptr) return {};
    // What the source has by this name is hidden behind ours, which is not listed.
    const bool is_hidden = path_.empty() && std::string_view(entry->d_name) == kControlDirectoryName;
    if (!is_hidden && !visit(describe(*entry))) return {};
    position_ = static_cast<std::uint64_t>(entry->d_off);
  }
}

// rewinddir(3) and seekdir(3) return nothing, but leave the errno of the one call that they make.
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
  if (is_array_name(listed.name, listed.type)) listed.type = S_IFDIR;
  return listed;
}

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
      const ino_t inode = virtual_inode(array_.status, root_device_, path, array_.absolute_path);
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
  const auto path = find_name(directory_, name, array_);
  if (!path) return {name, 0, S_IFREG, 0};  // was listed, so it is there
  const mode_t type = is_directory(path->name) ? S_IFDIR : S_IFREG;
  return {name, virtual_inode(array_.status, root_device_, *path, array_.absolute_path), type, 0};
}

}  // namespace npyfs
