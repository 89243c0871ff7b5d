#include "core/writing/open_for_writing.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/io/scatter.h"

namespace npyfs {
namespace {

Claim claim_of(NodeId view, const Place& place, const FileContent& content) {
  const SourceFile& source = *content.source;
  return {.view = view,
          .device = source.status().st_dev,
          .inode = source.status().st_ino,
          .version = source.version().hash(),
          .has_bytes = content.view.body.size() > 0,
          .is_whole_file = place.kind == PlaceKind::kSource,
          .axis = place.axis,
          .rows = is_view(place) ? *rows_of(place, *source.header()) : RowRange{},
          .path = source.path(),
          .description = describe(place)};
}

std::atomic<std::uint64_t> next_serial = 1;

}  // namespace

// What went wrong with the source, and which bytes of whom it concerns.
Error Writing::in_context(Error error, std::uint64_t offset, std::size_t size) const {
  if (error.kind == ErrorKind::kInvalidArgument || error.kind == ErrorKind::kBeyondEnd) return error;
  error.sentence = fmt::format("{} bytes at {} of {} are not written: {}", size, offset, description_, error.sentence);
  return error;
}

std::string path_in_mount(const std::string& source, const Place& place) {
  return source + "/" + format_path(place);
}

Writing::Writing(std::unique_ptr<const SourceWriter> writer, Claims::Ticket claim,
                 std::shared_ptr<WrittenBytes::Counter> written, Opening opening, pid_t process,
                 std::string description)
    : writer_(std::move(writer)),
      claim_(std::move(claim)),
      written_(std::move(written)),
      opening_(opening),
      process_(process),
      serial_(next_serial++),
      description_(std::move(description)) {}

Result<std::unique_ptr<const Writing>> Writing::open(const SourceRoot& root, NodeId view, const Place& place,
                                                     const FileContent& content, Opening opening, pid_t process,
                                                     Claims& claims, WrittenBytes& written) {
  auto claim = claims.claim(claim_of(view, place, content), opening, process);
  if (!claim) return std::unexpected(claim.error());
  auto writer = SourceWriter::open(root, content.source);
  if (!writer) return std::unexpected(writer.error());
  auto counter = written.counter(path_in_mount(content.source->path(), place));
  return std::unique_ptr<const Writing>(
      new Writing(std::move(*writer), std::move(*claim), std::move(counter), opening, process, describe(place)));
}

Result<void> Writing::write(const View& view, std::uint64_t offset, std::span<const std::byte> bytes,
                            bool is_page) const {
  auto written = write_bytes(view, offset, bytes, is_page);
  if (!written && !is_page) has_failed_ = true;
  return written;
}

Result<void> Writing::write_bytes(const View& view, std::uint64_t offset, std::span<const std::byte> bytes,
                                  bool is_page) const {
  const std::uint64_t written_until = written_until_;
  if (!is_page && offset > written_until) {
    return std::unexpected(
        Error{ErrorKind::kInvalidArgument, writer_->source().path(),
              fmt::format("{} was truncated, which leaves its bytes as they are, and then written from byte {} "
                          "on where {} would be next: write zeros as well (cp --sparse=never)",
                          description_, offset, written_until)});
  }
  auto scattered = scatter(view, *writer_, offset, bytes, description_);
  const std::uint64_t of_header = view.header.size() - std::min<std::uint64_t>(view.header.size(), offset);
  if (!scattered) return std::unexpected(in_context(std::move(scattered.error()), offset, bytes.size()));
  *written_ += bytes.size() - std::min<std::uint64_t>(bytes.size(), of_header);
  note_written_until(offset + bytes.size());
  return {};
}

// Others may write at the same time: it never moves back, but by a truncation.
void Writing::note_written_until(std::uint64_t end) const {
  std::uint64_t until = written_until_;
  while (end > until && !written_until_.compare_exchange_weak(until, end)) continue;
}

Error Writing::left_out(std::uint64_t size) const {
  return Error{
      ErrorKind::kInvalidArgument, writer_->source().path(),
      fmt::format("{} was truncated, which leaves its bytes as they are, and then written up to byte {} of {}: "
                  "the rest is what it was. Write zeros as well (cp --sparse=never)",
                  description_, written_until_.load(), size)};
}

Result<void> Writing::check_complete(std::uint64_t size) const {
  if (written_until_ >= size) return {};
  return std::unexpected(left_out(size));
}

Result<void> Writing::check_at_close(std::uint64_t size, pid_t process) const {
  const bool is_the_end = opening_ == Opening::kForWriting && process_ != 0 && process == process_;
  if (!is_the_end || has_failed_ || written_until_ == 0) return {};
  return check_complete(size);
}

std::optional<Error> Writing::what_was_left_out(std::uint64_t size) const {
  const std::uint64_t until = written_until_;
  if (until == 0 || until >= size) return std::nullopt;  // nothing was written, or everything, or it was not truncated
  return left_out(size);
}

}  // namespace npyfs
