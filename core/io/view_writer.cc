#include "core/io/view_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "core/base/checked.h"
#include "core/npy/npy_header.h"

namespace npyfs {
namespace {

struct DescribedHeader {
  std::uint64_t size = 0;  // bytes
  std::string says;        // "(625, 10) '<f8'"; empty if the bytes do not begin with a header
};

DescribedHeader described(std::span<const std::byte> bytes) {
  const auto size = npy_header_size(bytes, bytes.size(), "");
  if (!size) return {};
  const auto header = parse_npy_header(bytes.first(*size), "");
  if (!header) return {};
  const bool is_fortran = header->fortran_order && is_fortran_contiguous_only(header->shape);
  return {*size,
          fmt::format("{} {}{}", format_shape(header->shape), header->descr, is_fortran ? " in Fortran order" : "")};
}

}  // namespace

Result<std::unique_ptr<const ViewWriter>> ViewWriter::open(const SourceRoot& root, View view, std::string description,
                                                           std::string twin) {
  std::vector<std::unique_ptr<const SourceWriter>> writers;
  for (const Segment& segment : view.segments) {
    auto writer = SourceWriter::open(root, segment.file);
    if (!writer) return std::unexpected(writer.error());
    writers.push_back(std::move(*writer));
  }
  return std::unique_ptr<const ViewWriter>(
      new ViewWriter(std::move(view), std::move(writers), std::move(description), std::move(twin)));
}

Result<void> ViewWriter::check_header(std::uint64_t offset, std::span<const std::byte> bytes) const {
  if (offset >= view_.header.size()) return {};
  const auto part = bytes.first(std::min<std::uint64_t>(bytes.size(), view_.header.size() - offset));
  if (std::memcmp(part.data(), view_.header.data() + offset, part.size()) == 0) return {};
  if (offset != 0) return std::unexpected(header_error({}));
  if (size_of_same_header(bytes) == view_.header.size()) return {};
  return std::unexpected(header_error(bytes));
}

Error ViewWriter::header_error(std::span<const std::byte> bytes) const {
  const auto there = described(std::as_bytes(std::span(view_.header)));
  const auto written = described(bytes);
  std::string sentence;
  if (written.says.empty()) {
    sentence =
        fmt::format("{} is {}, and what was written into its header is no such header", description_, there.says);
  } else if (written.says == there.says) {
    sentence = fmt::format("{} is {}; the header written says so in {} bytes instead of {}: write the body into {}",
                           description_, there.says, written.size, there.size, twin_);
  } else {
    sentence = fmt::format("{} is {}, the header written says {}", description_, there.says, written.says);
  }
  return {ErrorKind::kInvalidArgument, path(), std::move(sentence)};
}

std::uint64_t ViewWriter::size_of_same_header(std::span<const std::byte> bytes) const {
  const auto written = described(bytes);
  const bool says_the_same =
      !written.says.empty() && written.says == described(std::as_bytes(std::span(view_.header))).says;
  return says_the_same ? written.size : 0;
}

const SourceWriter& ViewWriter::writer_of(const Segment& segment) const {
  return *writers_[static_cast<std::size_t>(&segment - view_.segments.data())];
}

Result<void> ViewWriter::check_unchanged(const Segment& segment) const {
  if (auto unchanged = writer_of(segment).check_unchanged(); !unchanged) return unchanged;
  return segment.guard ? segment.guard->check() : Result<void>{};
}

// Checks the sources that bytes [offset, offset + size) of the view are in; all of them if these are bytes of the
// header alone.
Result<void> ViewWriter::check_unchanged(std::uint64_t offset, std::uint64_t size) const {
  if (size != 0)
    return view_.visit(offset, size, [&](const Segment& segment, Extent) { return check_unchanged(segment); });
  for (const Segment& segment : view_.segments) {
    if (auto unchanged = check_unchanged(segment); !unchanged) return unchanged;
  }
  return {};
}

Result<void> ViewWriter::check(std::uint64_t offset, std::span<const std::byte> bytes) const {
  if (auto same = check_header(offset, bytes); !same) return same;
  const auto end = checked_add<std::uint64_t>(offset, bytes.size());
  if (!end || *end > view_.size()) {
    return std::unexpected(Error{ErrorKind::kBeyondEnd, path(),
                                 fmt::format("{} has {} bytes and keeps its size; {} bytes at {} were written",
                                             description_, view_.size(), bytes.size(), offset)});
  }
  return {};
}

Result<void> ViewWriter::write(std::uint64_t offset, std::span<const std::byte> bytes) const {
  if (auto may = check(offset, bytes); !may) return may;
  const std::uint64_t of_header = view_.header.size() - std::min<std::uint64_t>(view_.header.size(), offset);
  bytes = bytes.subspan(std::min<std::uint64_t>(bytes.size(), of_header));
  const std::uint64_t body = offset + of_header;
  const std::uint64_t size = bytes.size();
  if (auto unchanged = check_unchanged(body, size); !unchanged || size == 0) return unchanged;
  const auto write_segment = [&](const Segment& segment, Extent wanted) {
    const SourceWriter& writer = writer_of(segment);
    Result<void> result;
    segment.runs.visit(wanted.offset, wanted.size, [&](Extent extent) {
      result = writer.write_exactly(bytes.first(extent.size), extent.offset);
      bytes = bytes.subspan(extent.size);
      return result.has_value();
    });
    return result;
  };
  if (auto written = view_.visit(body, size, write_segment); !written) return written;
  // If the file was truncated during the write, the write has made it longer again: the writer must get an error.
  return check_unchanged(body, size);
}

Result<void> ViewWriter::sync() const {
  Result<void> result;
  for (const auto& writer : writers_) {
    auto synced = writer->sync();
    if (!synced && result) result = std::move(synced);
  }
  return result;
}

Result<void> ViewWriter::flush() const {
  Result<void> result;
  for (const auto& writer : writers_) {
    auto flushed = writer->flush();
    if (!flushed && result) result = std::move(flushed);
  }
  return result;
}

}  // namespace npyfs
