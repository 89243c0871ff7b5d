#include "core/source/source_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <utility>

#include "core/paths/remote_filesystem.h"

namespace npyfs {
namespace {

SourceIo choose_io(int fd, SourceIo wanted) {
  if (wanted == SourceIo::kPread || !mappings_show_writes(fd)) return SourceIo::kPread;
  if (wanted == SourceIo::kMmap) return SourceIo::kMmap;
  return is_remote(fd) ? SourceIo::kPread : SourceIo::kMmap;
}

std::atomic<std::uint64_t> next_file_id = 1;

}  // namespace

SourceFile::SourceFile(UniqueFd fd, const struct stat& status, std::string path, SourceIo io,
                       std::shared_ptr<MappingCache> mappings)
    : fd_(std::move(fd)),
      status_(status),
      path_(std::move(path)),
      io_(choose_io(fd_.get(), io)),
      id_(next_file_id++),
      mappings_(std::move(mappings)) {}

SourceFile::~SourceFile() {
  if (is_mapped()) mappings_->forget_file(id_);
}

Result<std::shared_ptr<const SourceFile>> SourceFile::open(const SourceRoot& root, const std::string& path, SourceIo io,
                                                           std::shared_ptr<MappingCache> mappings) {
  auto fd = root.open_file(path);
  if (!fd) return std::unexpected(fd.error());
  const auto status = status_of(fd->get(), path);
  if (!status) return std::unexpected(status.error());
  return std::shared_ptr<const SourceFile>(new SourceFile(std::move(*fd), *status, path, io, std::move(mappings)));
}

Result<struct stat> SourceFile::check_size(Extent bytes) const {
  const auto now = status_of(fd(), path_);
  if (!now) return std::unexpected(now.error());
  if (static_cast<std::uint64_t>(now->st_size) >= bytes.end()) return *now;
  return std::unexpected(Error{ErrorKind::kTruncated, path_,
                               fmt::format("was {} bytes when it was opened and is {} now; {} are asked for", size(),
                                           now->st_size, bytes.end())});
}

Result<std::shared_ptr<const Mapping>> SourceFile::window(std::uint64_t index) const {
  auto window = mappings_->window(id_, fd(), index, size());
  if (!window) window.error().subject = path_;
  return window;
}

Result<void> SourceFile::read_exactly(std::byte* out, std::size_t size, std::uint64_t offset) const {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(fd(), out + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(system_error(path_, "read", errno));
    if (got == 0) {
      return std::unexpected(Error{ErrorKind::kTruncated, path_,
                                   fmt::format("ends at {} bytes; {} are needed", offset + done, offset + size)});
    }
    done += static_cast<std::size_t>(got);
  }
  return {};
}

Result<void> sync_data(int fd, const std::string& path) {
  while (::fdatasync(fd) != 0) {
    if (errno != EINTR) return std::unexpected(system_error(path, "fdatasync", errno));
  }
  return {};
}

void SourceFile::will_need(Extent range) const {
  // Only advice: an error has no consequences.
  (void)::posix_fadvise(fd(), static_cast<off_t>(range.offset), static_cast<off_t>(range.size), POSIX_FADV_WILLNEED);
}

}  // namespace npyfs
