#include "core/source/source_writer.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "core/base/write_all.h"

namespace npyfs {

SourceWriter::SourceWriter(const SourceRoot& root, UniqueFd fd, std::shared_ptr<const SourceFile> source)
    : root_(root), fd_(std::move(fd)), source_(std::move(source)) {}

Result<std::unique_ptr<const SourceWriter>> SourceWriter::open(const SourceRoot& root,
                                                               std::shared_ptr<const SourceFile> source) {
  auto fd = root.open_file_for_writing(source->path());
  if (!fd) return std::unexpected(fd.error());
  const auto status = status_of(fd->get(), source->path());
  if (!status) return std::unexpected(status.error());
  if (status->st_dev != source->status().st_dev || status->st_ino != source->status().st_ino) {
    return std::unexpected(Error{ErrorKind::kStale, source->path(), "was replaced while it was opened"});
  }
  return std::unique_ptr<const SourceWriter>(new SourceWriter(root, std::move(*fd), std::move(source)));
}

Result<void> SourceWriter::check_unchanged() const {
  const auto now = status_of(fd_.get(), source_->path());
  if (!now) return std::unexpected(now.error());
  if (now->st_nlink == 0) {
    return std::unexpected(Error{ErrorKind::kStale, source_->path(), "was removed or replaced while it was written"});
  }
  if (static_cast<std::uint64_t>(now->st_size) < source_->size()) {
    return std::unexpected(
        Error{ErrorKind::kTruncated, source_->path(),
              fmt::format("was {} bytes when it was opened and is {} now", source_->size(), now->st_size)});
  }
  return {};
}

Result<void> SourceWriter::write_exactly(std::span<const std::byte> bytes, std::uint64_t offset) const {
  return pwrite_all(fd_.get(), bytes, offset, source_->path());
}

// check_unchanged() sees that the last link is gone. But another file may have taken the name while another hard link
// keeps the file: then readers of the name get the other file.
Result<void> SourceWriter::check_still_named() const {
  const auto named = root_.status(source_->path());
  if (named && named->st_dev == source_->status().st_dev && named->st_ino == source_->status().st_ino) return {};
  const bool is_unknown = !named && named.error().os_error != ENOENT && named.error().os_error != ENOTDIR;
  if (is_unknown) return std::unexpected(named.error());
  return std::unexpected(Error{ErrorKind::kStale, source_->path(), "was removed or replaced while it was written"});
}

Result<void> SourceWriter::sync() const {
  if (auto synced = sync_data(fd_.get(), source_->path()); !synced) return synced;
  return check_still_named();
}

Result<void> SourceWriter::flush() const {
  UniqueFd copy(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy) return std::unexpected(system_error(source_->path(), "fcntl", errno));
  if (const int error = copy.close(); error != 0) return std::unexpected(system_error(source_->path(), "close", error));
  return check_still_named();
}

}  // namespace npyfs
