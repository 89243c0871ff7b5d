#include "core/writing/open_for_writing.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

namespace npyfs {
namespace {

// The path of the array in the mount, relative to the root.
std::string source_path(const ArrayState& array) {
  return array.joined ? joined_path(array.joined->path()) : (*array.file)->file()->path();
}

// For each part the same range as for a view of the part alone.
std::vector<LockedRange> ranges_of_parts(const OpenForWriting::Wanted& wanted) {
  std::vector<LockedRange> ranges;
  const auto of = selected_view(wanted.path, wanted.array);
  if (!of) return ranges;
  visit_parts(*of->array, of->selection, [&](const ArrayPart& placed, const Selection& rows) {
    const JoinedPart& part = wanted.array.joined->parts()[placed.number];
    const auto size = static_cast<std::uint64_t>(part.status.st_size);
    ranges.push_back({.device = part.status.st_dev,
                      .inode = part.status.st_ino,
                      .version = part.version,
                      .array = {part.data_offset, size - part.data_offset},
                      .selection = rows});
  });
  return ranges;
}

RangeLock lock_of(const OpenForWriting::Wanted& wanted, const View& view) {
  RangeLock lock{.view = wanted.view,
                 .ranges = {},
                 .path = source_path(wanted.array),
                 .description = describe_view(wanted.path, wanted.array)};
  if (view.body_size() == 0) return lock;
  if (wanted.array.joined) {
    lock.ranges = ranges_of_parts(wanted);
    return lock;
  }
  const NpyFile& source = **wanted.array.file;
  const struct stat& status = source.file()->status();
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

// The file that has the body of a view alone.
std::string twin_of(const OpenForWriting::Wanted& wanted) {
  if (!is_view(wanted.path.name)) return "chunks/0_of_1.bin";
  VirtualPath twin = wanted.path;
  twin.name.form = Form::kBin;
  return path_below_array(twin, wanted.array);
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
  auto writer = ViewWriter::open(root, std::move(*view), describe_view(wanted.path, wanted.array), twin_of(wanted));
  if (!writer) return std::unexpected(writer.error());
  auto counter = written.counter(path_in_mount(source_path(wanted.array), wanted.path, wanted.array));
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

Result<void> OpenForWriting::write(std::uint64_t offset, std::span<const std::byte> bytes) const {
  if (offset == 0 && may_have_other_header_) {
    const std::uint64_t size = writer_->size_of_same_header(bytes);
    if (size != 0) may_have_other_header_ = false;
    if (size != writer_->view().header.size()) other_header_ = size;
  }
  return other_header_ == 0 ? write_here(offset, bytes) : write_behind_other_header(offset, bytes);
}

Result<void> OpenForWriting::write_behind_other_header(std::uint64_t offset, std::span<const std::byte> bytes) const {
  const std::uint64_t other = other_header_;
  const std::uint64_t own = writer_->view().header.size();
  if (offset >= other) return write_here(offset - other + own, bytes);
  if (offset != 0 || writer_->size_of_same_header(bytes) != other) {
    const Result<void> refused = std::unexpected(
        Error{ErrorKind::kInvalidArgument, writer_->path(),
              fmt::format("{} was begun with a header of {} bytes, which was then written over at byte {}",
                          writer_->description(), other, offset)});
    note_header(0, 0, refused);
    return refused;
  }
  bytes = bytes.subspan(other);
  return bytes.empty() ? Result<void>{} : write_here(own, bytes);
}

Result<void> OpenForWriting::write_here(std::uint64_t offset, std::span<const std::byte> bytes) const {
  const auto zeros = [this](Extent extent) { return write_zeros(extent); };
  if (auto filled = share_.unwritten().fill_surplus(zeros); !filled) return filled;
  auto may = writer_->check(offset, bytes);
  note_header(offset, bytes.size(), may);
  if (!may) share_.unwritten().note_refusal(serial_);
  if (!may) return may;
  may_have_other_header_ = false;
  share_.unwritten().note_write({offset, bytes.size()});
  if (auto written = writer_->write(offset, bytes); !written) {
    return std::unexpected(in_context(std::move(written.error()), offset, bytes.size()));
  }
  const std::uint64_t header_size = writer_->view().header.size();
  const std::uint64_t of_header = header_size - std::min<std::uint64_t>(header_size, offset);
  *written_ += bytes.size() - std::min<std::uint64_t>(bytes.size(), of_header);
  return {};
}

// A header that is refused is forgotten once the right one was written.
void OpenForWriting::note_header(std::uint64_t offset, std::size_t size, const Result<void>& written) const {
  const std::size_t header_size = writer_->view().header.size();
  if (header_size == 0 || offset >= header_size) return;
  const MutexLock lock(mutex_);
  if (!written && written.error().kind == ErrorKind::kInvalidArgument) {
    refused_header_ = written.error();
  } else if (written && offset == 0 && size >= header_size) {
    refused_header_.reset();
  }
}

void OpenForWriting::note_truncation() const {
  other_header_ = 0;
  may_have_other_header_ = may_be_emptied() && !writer_->view().header.empty();
  share_.unwritten().truncate({writer_->view().header.size(), writer_->view().body_size()}, serial_);
}

Result<void> OpenForWriting::write_zeros(Extent extent) const {
  static const std::vector<std::byte> zeros(std::size_t{1} << 20);
  while (extent.size > 0) {
    const std::uint64_t part = std::min<std::uint64_t>(extent.size, zeros.size());
    if (auto written = writer_->write(extent.offset, std::span(zeros).first(part)); !written) {
      return std::unexpected(in_context(std::move(written.error()), extent.offset, extent.size));
    }
    extent = {extent.offset + part, extent.size - part};
  }
  return {};
}

Result<void> OpenForWriting::fill_with_zeros() const {
  return fill_with_zeros({0, writer_->view().size()});
}

Result<void> OpenForWriting::fill_with_zeros(Extent wanted) const {
  return share_.unwritten().fill(wanted, [this](Extent extent) { return write_zeros(extent); });
}

Result<void> OpenForWriting::sync() const {
  if (auto filled = fill_with_zeros(); !filled) return filled;
  return writer_->sync();
}

Result<void> OpenForWriting::flush() const {
  if (auto filled = fill_with_zeros(); !filled) return filled;
  if (auto flushed = writer_->flush(); !flushed) return flushed;
  const MutexLock lock(mutex_);
  if (refused_header_) return std::unexpected(*refused_header_);
  return {};
}

}  // namespace npyfs
