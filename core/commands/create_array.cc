#include "core/commands/create_array.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "core/base/escape.h"
#include "core/base/utf8.h"
#include "core/base/write_all.h"
#include "core/commands/new_file.h"
#include "core/npy/dtype_parser.h"
#include "core/npy/npy_header.h"
#include "core/npy/python_parser.h"

namespace npyfs {
namespace {

std::unexpected<Error> refuse(const std::string& path, std::string sentence) {
  return std::unexpected(Error{ErrorKind::kInvalidArgument, path, std::move(sentence)});
}

Result<Dtype> dtype_of(const std::string& path, std::string_view text) {
  if (!is_utf8(text)) return refuse(path, fmt::format("dtype {} is not UTF-8", escaped(text)));
  PythonLiteral literal{.kind = PythonLiteral::Kind::kStr, .text = std::string(text), .source = text};
  if (text.starts_with('[')) {
    auto fields = parse_python_literal(text, LiteralDialect::kPython3);
    if (!fields) return refuse(path, fmt::format("dtype {}: {}", escaped(shortened(text)), fields.error()));
    literal = std::move(*fields);
  }
  auto dtype = parse_dtype(literal);
  if (!dtype) return refuse(path, std::move(dtype.error()));
  return std::move(*dtype);
}

constexpr std::size_t kMostOfNumpy = 10'000;  // characters of a header that np.load reads by itself

// Those of the text, which ends with the header.
std::size_t characters_of(std::string_view header) {
  const std::size_t framing = header[6] == 1 ? 10 : 12;
  const bool is_utf8 = header[6] == 3;
  return is_utf8 ? count_code_points(header.substr(framing)) : header.size() - framing;
}

// The header's bytes, and the size of the file with the data, in bytes. The header is parsed again like that of any
// source, because npyfs must be able to serve what it creates.
struct Layout {
  std::string header;
  std::uint64_t file_size = 0;
};

Result<Layout> layout_of(const std::string& path, const Dtype& dtype, bool fortran_order,
                         std::span<const std::uint64_t> shape) {
  Layout layout;
  const bool is_fortran = fortran_order && is_fortran_contiguous_only(shape);
  // numpy cannot map an array without items whose file ends on an edge of a page.
  const bool has_items = std::ranges::find(shape, 0u) == shape.end();
  layout.header = has_items ? format_page_aligned_npy_header(dtype.descr(), is_fortran, shape)
                            : format_npy_header(dtype.descr(), is_fortran, shape);
  if (const std::size_t characters = characters_of(layout.header); characters > kMostOfNumpy) {
    return refuse(path,
                  fmt::format("the header has {} characters, np.load reads at most {}", characters, kMostOfNumpy));
  }
  const auto header = parse_npy_header(std::as_bytes(std::span(layout.header)), path);
  if (!header) return refuse(path, header.error().sentence);
  layout.file_size = header->data_offset + data_size(*header);
  if (auto sliceable = check_sliceable(*header, layout.file_size, path); !sliceable) {
    return refuse(path, sliceable.error().sentence);
  }
  return layout;
}

// Makes the file `size` bytes long. If the disk is full, this fails now, and not when somebody fills the array.
Result<void> reserve(int fd, std::uint64_t size, const std::string& path) {
  const auto length = static_cast<off_t>(size);
  int failed = 0;
  do {
    failed = ::fallocate(fd, 0, 0, length);
  } while (failed != 0 && errno == EINTR);
  if (failed == 0) return {};
  if (errno == EOPNOTSUPP || errno == ENOSYS) {
    if (::ftruncate(fd, length) == 0) return {};
  }
  return std::unexpected(
      Error{ErrorKind::kSystem, path,
            fmt::format("{} bytes cannot be reserved: {}", size, std::generic_category().message(errno)), errno});
}

}  // namespace

Result<void> create_array(const std::string& path, std::string_view dtype_text, bool fortran_order,
                          std::span<const std::uint64_t> shape) {
  const auto dtype = dtype_of(path, dtype_text);
  if (!dtype) return std::unexpected(dtype.error());
  const auto layout = layout_of(path, *dtype, fortran_order, shape);
  if (!layout) return std::unexpected(layout.error());
  auto file = NewFile::create(path);
  if (!file) return std::unexpected(file.error());
  if (auto reserved = reserve(file->fd(), layout->file_size, path); !reserved) return reserved;
  const auto header = std::as_bytes(std::span(layout->header));
  if (auto written = pwrite_all(file->fd(), header, 0, path); !written) return written;
  return file->publish_durably();
}

}  // namespace npyfs
