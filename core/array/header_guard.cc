#include "core/array/header_guard.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "core/base/path_string.h"

namespace npyfs {

HeaderGuard::HeaderGuard(std::shared_ptr<const SourceFile> file, std::uint64_t offset, std::vector<std::byte> bytes,
                         const NpyHeader* header, bool is_racy)
    : file_(std::move(file)),
      offset_(offset),
      bytes_(std::move(bytes)),
      header_(header == nullptr ? nullptr : std::make_unique<const NpyHeader>(*header)),
      is_racy_(is_racy) {}

std::uint64_t HeaderGuard::hash() const {
  return std::hash<std::string_view>()({reinterpret_cast<const char*>(bytes_.data()), bytes_.size()});
}

Result<void> HeaderGuard::check() const {
  static thread_local std::vector<std::byte> now;
  now.resize(bytes_.size());
  const bool was_racy = npyfs::is_racy(file_->status(), file_clock());
  auto read = file_->read_exactly(now.data(), now.size(), offset_);
  if (!read && read.error().kind != ErrorKind::kTruncated) return read;
  if (read && std::ranges::equal(now, bytes_)) {
    if (!was_racy) is_racy_.store(false, std::memory_order_relaxed);
    return {};
  }
  return std::unexpected(Error{ErrorKind::kStale, file_->path(), "has another header than when it was opened"});
}

Result<void> HeaderGuard::check(const struct stat& now, Extent bytes) const {
  const bool is_same = file_->is_version_of(now) && !is_racy();
  if (header_ == nullptr || is_same) return {};
  auto same = check();
  const std::uint64_t end_of_header = offset_ + bytes_.size();
  if (same || same.error().kind != ErrorKind::kStale || bytes.offset < end_of_header) return same;
  std::vector<std::byte> bytes_now;
  const auto header_now =
      read_npy_header(*file_, {offset_, file_->size() - offset_}, last_component(file_->path()), bytes_now);
  if (header_now && is_extension_of(*header_now, *header_)) return {};
  return same;
}

Result<NpyHeader> read_npy_header(const SourceFile& file, Extent npy, const std::string& name,
                                  std::vector<std::byte>& bytes) {
  bytes.resize(std::min<std::uint64_t>(npy.size, 4096));  // nearly always the whole header
  if (auto read = file.read_exactly(bytes.data(), bytes.size(), npy.offset); !read) {
    return std::unexpected(read.error());
  }
  const auto needed = npy_header_size(bytes, npy.size, name);
  if (!needed) return std::unexpected(needed.error());
  const std::size_t had = bytes.size();
  bytes.resize(*needed);
  if (*needed > had) {
    if (auto read = file.read_exactly(&bytes[had], *needed - had, npy.offset + had); !read) {
      return std::unexpected(read.error());
    }
  }
  return parse_npy_header(bytes, name);
}

}  // namespace npyfs
