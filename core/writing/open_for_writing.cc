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

// Whether two parts of a joined view are the same bytes of one file, through links: what is written to one would change
// the other.
bool has_bytes_twice(const RangeLock& lock) {
  const auto& ranges = lock.ranges;
  for (auto one = ranges.begin(); one != ranges.end(); ++one) {
    if (std::any_of(one + 1, ranges.end(), [&](const LockedRange& other) { return overlap(*one, other); })) return true;
  }
  return false;
}

// The file that has the body of a view alone.
std::string twin_of(const OpenForWriting::Wanted& wanted) {
  if (!is_view(wanted.path.name)) return "chunks/0_of_1.bin";
  VirtualPath twin = wanted.path;
  twin.name.form = Form::kBin;
  return path_below_array(twin, wanted.array);
}

}  // namespace

std::uint64_t next_open_serial() {
  static std::atomic<std::uint64_t> next = 1;
  return next++;
}

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
      serial_(next_open_serial()),
      header_(*writer_, may_be_emptied()) {}

Result<std::unique_ptr<const OpenForWriting>> OpenForWriting::open(const SourceRoot& root, const Wanted& wanted,
                                                                   RangeLocks& locks, WrittenBytes& written) {
  auto view = content_for_writing(wanted.path, wanted.array);
  if (!view) return std::unexpected(view.error());
  const RangeLock lock = lock_of(wanted, *view);
  if (has_bytes_twice(lock)) {
    return std::unexpected(Error{ErrorKind::kNotWritable, lock.path,
                                 lock.description + " has bytes of one file twice, through links: write that file"});
  }
  auto share = locks.lock(lock, wanted.opening, wanted.process);
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
  const auto part = header_.place(offset, bytes);
  if (!part) share_.unwritten().note_refusal(serial_);
  if (!part) return std::unexpected(part.error());
  return part->bytes.empty() ? Result<void>{} : write_here(part->offset, part->bytes);
}

Result<void> OpenForWriting::write_here(std::uint64_t offset, std::span<const std::byte> bytes) const {
  const auto zeros = [this](Extent extent) { return write_zeros(extent); };
  if (auto filled = share_.unwritten().fill_surplus(zeros); !filled) return filled;
  const std::uint64_t header_size = writer_->view().header.size();
  const std::uint64_t of_header = header_size - std::min<std::uint64_t>(header_size, offset);
  const std::uint64_t of_body = bytes.size() - std::min<std::uint64_t>(bytes.size(), of_header);
  // The header alone is no reason to keep an emptied view: what follows may still be refused.
  if (of_body > 0) share_.unwritten().note_write({offset, bytes.size()});
  if (auto written = writer_->write(offset, bytes); !written) {
    return std::unexpected(in_context(std::move(written.error()), offset, bytes.size()));
  }
  *written_ += of_body;
  return {};
}

void OpenForWriting::note_truncation() const {
  header_.note_truncation();
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

void OpenForWriting::keep_rows_for(pid_t process, std::uint64_t serial) const {
  const bool may_be_own =
      process != 0 && serial < serial_ && opening_ == Opening::kForWriting && share_.unwritten().may_take_back(serial_);
  if (may_be_own && process_of(process) == process_of(process_)) share_.unwritten().keep_rows(serial_);
}

Result<void> OpenForWriting::fill_with_zeros() const {
  if (const std::uint64_t kept = share_.unwritten().kept_bytes(); kept > 0) {
    return std::unexpected(Error{
        ErrorKind::kTruncated, writer_->path(),
        fmt::format("{} was emptied by process {}, which then read it through a mapping or descriptor that it had "
                    "before; {} bytes were not written and are what they were",
                    writer_->description(), process_of(process_), kept)});
  }
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
  return header_.check_complete();
}

}  // namespace npyfs
