#include "core/io/scatter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/base/checked.h"

namespace npyfs {
namespace {

// "(625, 10) '<f8'"; empty where the bytes do not begin with a header.
std::string described(std::span<const std::byte> bytes) {
  const auto size = npy_header_size(bytes, bytes.size(), "");
  if (!size) return "";
  const auto header = parse_npy_header(bytes.first(*size), "");
  if (!header) return "";
  return fmt::format("{} {}{}", format_shape(header->shape), header->descr,
                     header->fortran_order ? " in Fortran order" : "");
}

std::unexpected<Error> header_differs(const View& view, const SourceFile& source, std::uint64_t offset,
                                      std::span<const std::byte> bytes, std::string_view description) {
  const auto there = described(std::as_bytes(std::span(view.header)));
  const auto written = offset == 0 ? described(bytes) : "";
  auto sentence =
      written.empty() || written == there
          ? fmt::format("{} is {}, and what was written into its header is no such header", description, there)
          : fmt::format("{} is {}, the header written says {}", description, there, written);
  return std::unexpected(Error{ErrorKind::kInvalidArgument, source.path(), std::move(sentence)});
}

}  // namespace

Result<void> scatter(const View& view, const SourceWriter& writer, std::uint64_t offset,
                     std::span<const std::byte> bytes, std::string_view description) {
  const auto end = checked_add<std::uint64_t>(offset, bytes.size());
  if (!end || *end > view.size()) {
    return std::unexpected(Error{ErrorKind::kBeyondEnd, writer.source().path(),
                                 fmt::format("{} has {} bytes and keeps its size; {} bytes at {} were written",
                                             description, view.size(), bytes.size(), offset)});
  }
  const std::uint64_t header_size = view.header.size();
  if (offset < header_size) {
    const auto part = bytes.first(std::min<std::uint64_t>(bytes.size(), header_size - offset));
    if (std::memcmp(part.data(), view.header.data() + offset, part.size()) != 0) {
      return header_differs(view, writer.source(), offset, bytes, description);
    }
    bytes = bytes.subspan(part.size());
    offset = header_size;
  }
  if (auto unchanged = writer.check_unchanged(); !unchanged || bytes.empty()) return unchanged;
  Result<void> result;
  for_each_extent(view.body, offset - header_size, bytes.size(), [&](Extent extent) {
    if (!result) return;
    result = writer.write_exactly(bytes.first(extent.size), extent.offset);
    bytes = bytes.subspan(extent.size);
  });
  // A truncation in this very moment may have been undone by what was written: whoever wrote must know.
  return result ? writer.check_unchanged() : result;
}

}  // namespace npyfs
