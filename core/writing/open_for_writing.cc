#include "core/writing/open_for_writing.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace npyfs {
namespace {

RangeLock lock_of(const OpenForWriting::Wanted& wanted, const View& view) {
  const NpyFile& source = **wanted.array.file;
  const struct stat& status = source.file()->status();
  RangeLock lock{.view = wanted.view,
                 .ranges = {},
                 .path = source.file()->path(),
                 .description = describe_view(wanted.path, wanted.array)};
  if (view.body_size() == 0) return lock;
  const std::uint64_t start = source.header()->data_offset;
  LockedRange range{.device = status.st_dev,
                    .inode = status.st_ino,
                    .version = source.version().hash(),
                    .array = {start, source.file()->size() - start},
                    .selection = {}};
  if (is_view(wanted.path.name)) range.selection = selected_view(wanted.path, wanted.array)->selection;
  lock.ranges.push_back(std::move(range));
  return lock;
}

std::atomic<std::uint64_t> next_serial = 1;

}  // namespace

std::string path_in_mount(const std::string& source, const VirtualPath& path, const ArrayState& array) {
  return source + "/" + path_below_array(path, array);
}

OpenForWriting::OpenForWriting(std::unique_ptr<const ViewWriter> writer, RangeLocks::Share share,
                               std::shared_ptr<WrittenBytes::Counter> written, Opening opening, pid_t process)
    : writer_(std::move(writer)),
      share_(std::move(share)),
      written_(std::move(written)),
      opening_(opening),
      process_(process),
      serial_(next_serial++) {}

Result<std::unique_ptr<const OpenForWriting>> OpenForWriting::open(const SourceRoot& root, const Wanted& wanted,
                                                                   RangeLocks& locks, WrittenBytes& written) {
  auto view = content_for_writing(wanted.path, wanted.array);
  if (!view) return std::unexpected(view.error());
  auto share = locks.lock(lock_of(wanted, *view), wanted.opening, wanted.process);
  if (!share) return std::unexpected(share.error());
  auto writer = ViewWriter::open(root, std::move(*view), describe_view(wanted.path, wanted.array));
  if (!writer) return std::unexpected(writer.error());
  auto counter = written.counter(path_in_mount((*wanted.array.file)->file()->path(), wanted.path, wanted.array));
  return std::unique_ptr<const OpenForWriting>(
      new OpenForWriting(std::move(*writer), std::move(*share), std::move(counter), wanted.opening, wanted.process));
}

// Adds to an error of the source which bytes of which view were not written.
Error OpenForWriting::in_context(Error error, std::uint64_t offset, std::size_t size) const {
  if (error.kind == ErrorKind::kInvalidArgument || error.kind == ErrorKind::kBeyondEnd) return error;
  error.sentence =
      fmt::format("{} bytes at {} of {} are not written: {}", size, offset, writer_->description(), error.sentence);
  return error;
}

Result<void> OpenForWriting::write(std::uint64_t offset, std::span<const std::byte> bytes, bool is_write_back) const {
  auto written = write_bytes(offset, bytes, is_write_back);
  if (!written && !is_write_back) has_failed_ = true;
  return written;
}

Result<void> OpenForWriting::write_bytes(std::uint64_t offset, std::span<const std::byte> bytes,
                                         bool is_write_back) const {
  const std::uint64_t written_until = written_until_;
  if (!is_write_back && offset > written_until) {
    return std::unexpected(
        Error{ErrorKind::kInvalidArgument, writer_->path(),
              fmt::format("{} was truncated, which leaves its bytes as they are, and then written from byte {} "
                          "on where {} would be next: write zeros as well (cp --sparse=never)",
                          writer_->description(), offset, written_until)});
  }
  if (auto written = writer_->write(offset, bytes); !written) {
    return std::unexpected(in_context(std::move(written.error()), offset, bytes.size()));
  }
  const std::uint64_t header_size = writer_->view().header.size();
  const std::uint64_t of_header = header_size - std::min<std::uint64_t>(header_size, offset);
  *written_ += bytes.size() - std::min<std::uint64_t>(bytes.size(), of_header);
  note_written_until(offset + bytes.size());
  return {};
}

// Other threads may write at the same time. Only a truncation moves written_until_ back.
void OpenForWriting::note_written_until(std::uint64_t end) const {
  std::uint64_t until = written_until_;
  while (end > until && !written_until_.compare_exchange_weak(until, end)) continue;
}

Error OpenForWriting::left_out() const {
  return Error{
      ErrorKind::kInvalidArgument, writer_->path(),
      fmt::format("{} was truncated, which leaves its bytes as they are, and then written up to byte {} of {}: "
                  "the rest is what it was. Write zeros as well (cp --sparse=never)",
                  writer_->description(), written_until_.load(), writer_->view().size())};
}

Result<void> OpenForWriting::check_complete() const {
  if (written_until_ >= writer_->view().size()) return {};
  return std::unexpected(left_out());
}

Result<void> OpenForWriting::check_at_close(pid_t process) const {
  const bool is_the_end = opening_ == Opening::kForWriting && process_ != 0 && process == process_;
  if (!is_the_end || has_failed_ || written_until_ == 0) return {};
  return check_complete();
}

std::optional<Error> OpenForWriting::what_was_left_out() const {
  const std::uint64_t until = written_until_;
  if (until == 0 || until >= writer_->view().size()) return std::nullopt;
  return left_out();
}

}  // namespace npyfs
