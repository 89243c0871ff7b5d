#include "core/source/source_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <functional>
#include <string_view>
#include <utility>

#include "core/base/path_string.h"
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
                       std::shared_ptr<MappingCache> mappings, SourceRole role)
    : fd_(std::move(fd)),
      status_(status),
      path_(std::move(path)),
      role_(role),
      io_(choose_io(fd_.get(), io)),
      id_(next_file_id++),
      mappings_(std::move(mappings)) {}

SourceFile::~SourceFile() {
  if (is_mapped()) mappings_->forget_file(id_);
}

Result<std::shared_ptr<const SourceFile>> SourceFile::open(const SourceRoot& root, const std::string& path,
                                                           SourceRole role, SourceIo io,
                                                           std::shared_ptr<MappingCache> mappings) {
  auto fd = root.open_file(path);
  if (!fd) return std::unexpected(fd.error());
  const auto status = status_of(fd->get(), path);
  if (!status) return std::unexpected(status.error());
  std::shared_ptr<SourceFile> file(new SourceFile(std::move(*fd), *status, path, io, std::move(mappings), role));
  if (role == SourceRole::kFile) return file;
  const bool was_racy = is_racy(*status, file_clock());
  file->header_ = file->parse_header(file->header_bytes_);
  file->header_bytes_.shrink_to_fit();
  file->sliceable_ = file->header_ ? check_sliceable(*file->header_, file->size(), last_component(path))
                                   : std::unexpected(file->header_.error());
  if (auto unchanged = file->check_unchanged_since_opened(); !unchanged) return std::unexpected(unchanged.error());
  file->has_racy_header_ = was_racy;
  return file;
}

FileVersion SourceFile::version() const {
  FileVersion version = FileVersion::of(status_);
  if (role_ == SourceRole::kFile) return version;
  if (role_ == SourceRole::kWrittenArray) version = version.without_times();
  const std::string_view bytes(reinterpret_cast<const char*>(header_bytes_.data()), header_bytes_.size());
  version.header = std::hash<std::string_view>()(bytes);
  return version;
}

bool SourceFile::is_version_of(const struct stat& status) const {
  const FileVersion now = FileVersion::of(status);
  const FileVersion opened = FileVersion::of(status_);
  return role_ == SourceRole::kWrittenArray ? now.without_times() == opened.without_times() : now == opened;
}

// A header that was rewritten while it was read belongs to neither version.
Result<void> SourceFile::check_unchanged_since_opened() const {
  const auto now = status_of(fd(), path_);
  if (!now) return std::unexpected(now.error());
  if (FileVersion::of(*now) == FileVersion::of(status_)) return {};
  if (role_ == SourceRole::kWrittenArray && is_version_of(*now)) return check_header_bytes();
  return std::unexpected(Error{ErrorKind::kStale, path_, "was changed while its header was read"});
}

Result<void> SourceFile::check_header_bytes() const {
  static thread_local std::vector<std::byte> now;
  now.resize(header_bytes_.size());
  const bool was_racy = is_racy(status_, file_clock());
  auto read = read_exactly(now.data(), now.size(), 0);
  if (!read && read.error().kind != ErrorKind::kTruncated) return read;
  if (read && std::ranges::equal(now, header_bytes_)) {
    if (!was_racy) has_racy_header_.store(false, std::memory_order_relaxed);
    return {};
  }
  return std::unexpected(Error{ErrorKind::kStale, path_, "has another header than when it was opened"});
}

// `bytes` are those that it was read from; not all of them where that fails.
Result<NpyHeader> SourceFile::parse_header(std::vector<std::byte>& bytes) const {
  const std::string name = last_component(path_);
  bytes.resize(std::min<std::uint64_t>(size(), 4096));  // nearly always the whole header
  if (auto read = read_exactly(bytes.data(), bytes.size(), 0); !read) return std::unexpected(read.error());
  const auto needed = npy_header_size(bytes, size(), name);
  if (!needed) return std::unexpected(needed.error());
  const std::size_t had = bytes.size();
  bytes.resize(*needed);
  if (*needed > had) {
    if (auto read = read_exactly(&bytes[had], *needed - had, had); !read) return std::unexpected(read.error());
  }
  return parse_npy_header(bytes, name);
}

// The header is looked at only where the file's times have moved, or moved so lately that they may not tell.
Result<void> SourceFile::check_still_holds(Extent bytes) const {
  const auto now = status_of(fd(), path_);
  if (!now) return std::unexpected(now.error());
  const std::uint64_t end = bytes.offset + bytes.size;
  if (static_cast<std::uint64_t>(now->st_size) < end) {
    return std::unexpected(Error{
        ErrorKind::kTruncated, path_,
        fmt::format("was {} bytes when it was opened and is {} now; {} are asked for", size(), now->st_size, end)});
  }
  const bool has_header = role_ != SourceRole::kFile && header_.has_value();
  const bool is_same = FileVersion::of(*now) == FileVersion::of(status_) && !has_racy_header();
  if (!has_header || is_same) return {};
  auto same = check_header_bytes();
  if (same || same.error().kind != ErrorKind::kStale || bytes.offset < header_bytes_.size()) return same;
  std::vector<std::byte> header_bytes_now;
  const auto header_now = parse_header(header_bytes_now);
  if (header_now && is_extension_of(*header_now, *header_)) return {};
  return same;
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
  // Advice: it is no loss where the filesystem does not take it.
  (void)::posix_fadvise(fd(), static_cast<off_t>(range.offset), static_cast<off_t>(range.size), POSIX_FADV_WILLNEED);
}

}  // namespace npyfs
