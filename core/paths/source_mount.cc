#include "core/paths/source_mount.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string_view>
#include <utility>

#include "core/base/path_string.h"

namespace npyfs {
namespace {

// Everything in the file, from its beginning; "" if it cannot be read.
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

// The ID of the mount that `fd` is open on; 0 if the system does not tell it. statx(2) tells it only since Linux 5.8.
std::uint64_t mount_id_of(int fd) {
  constexpr std::string_view kName = "mnt_id:";
  std::ifstream info(fmt::format("/proc/self/fdinfo/{}", fd));
  std::uint64_t mount_id = 0;
  for (std::string name; info >> name;) {
    if (name == kName && info >> mount_id) return mount_id;
  }
  return 0;
}

// Opens an absolute path without ".." as openat2(2) does with O_PATH, O_NOFOLLOW and RESOLVE_NO_SYMLINKS, which Linux
// has since 5.6: a link is opened itself, and nothing can be opened in it. Empty if the path leads to nothing.
UniqueFd open_without_links(std::string path) {
  UniqueFd fd(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (std::string name = take_component(path); fd && !name.empty(); name = take_component(path)) {
    fd = UniqueFd(::openat(fd.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  }
  return fd;
}

// The directory `path` on the mount with this ID, open for reading; empty if it is not there. The table may be out of
// date, so the path may lead elsewhere by now. Therefore the path is first opened in a way that follows no links, sends
// no request to the filesystem and triggers no automount; only a directory on the right mount is then opened for
// reading.
UniqueFd open_on(std::uint64_t mount_id, const std::string& path) {
  const UniqueFd found = open_without_links(path);
  if (!found || mount_id_of(found.get()) != mount_id) return {};
  return UniqueFd(::openat(found.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

}  // namespace

SourceMount::SourceMount(int root, std::string path, std::string own_mount_point) {
  UniqueFd table(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  const std::uint64_t mount_id = mount_id_of(root);
  if (!table || mount_id == 0) return;
  for (auto& entry : mount_entries(content_of(table.get()))) {
    if (entry.mount_id != mount_id) continue;
    source_ = {mount_id, std::move(entry.mount_point), std::move(path), std::move(own_mount_point)};
    table_ = std::move(table);
    return;
  }
}

Result<std::optional<UniqueFd>> SourceMount::replacement() {
  if (!table_) return std::nullopt;
  const auto table = mount_entries(content_of(table_.get()));
  const MountEntry* successor = successor_in(table, source_);
  const std::uint64_t refused_before = std::exchange(refused_, 0);
  if (successor == nullptr) return std::nullopt;
  if (const auto why = why_not_to_open(table, source_)) {
    refused_ = successor->mount_id;
    if (refused_ == refused_before) return std::nullopt;
    return std::unexpected(Error{ErrorKind::kInvalidArgument, source_.path,
                                 fmt::format("another filesystem was mounted in its place: {}", *why)});
  }
  UniqueFd root = open_on(successor->mount_id, source_.path);
  if (!root) return std::nullopt;
  source_.mount_id = successor->mount_id;
  return root;
}

}  // namespace npyfs
