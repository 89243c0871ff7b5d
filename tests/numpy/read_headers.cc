// Reads .npy headers from stdin, each behind its length (four bytes, little-endian), and says on a line of stdout what
// npyfs takes it for: "-" for no header, else offset of the data, itemsize, fortran_order, shape, descr and fields. The
// fields are a Python list of tuples (name, title, offset, descr, itemsize, shape, fields).
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "core/npy/npy_header.h"
#include "core/npy/python_repr.h"

namespace npyfs {
namespace {

static_assert(std::endian::native == std::endian::little);

std::string list_of(std::span<const Field> fields) {
  std::string list = "[";
  for (const Field& field : fields) {
    list += fmt::format("({}, {}, {}, {}, {}, {}, {}), ", python_repr(field.name),
                        field.title ? python_repr(*field.title) : "None", field.offset, field.dtype.descr(),
                        field.dtype.itemsize, format_shape(field.shape()), list_of(field.dtype.fields));
  }
  return list + "]";
}

std::string line_for(std::span<const std::byte> file) {
  const auto size = npy_header_size(file.first(std::min<std::size_t>(file.size(), 12)), file.size(), "header");
  if (!size) return "-";
  const auto header = parse_npy_header(file.first(*size), "header");
  if (!header) return "-";
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}", header->data_offset, header->itemsize, header->fortran_order ? 1 : 0,
                     format_shape(header->shape), header->descr, list_of(header->fields));
}

}  // namespace
}  // namespace npyfs

int main() {
  std::uint32_t size = 0;
  std::vector<std::byte> file;
  while (std::fread(&size, sizeof size, 1, stdin) == 1) {
    file.resize(size);
    if (std::fread(file.data(), 1, size, stdin) != size) return 1;
    fmt::print("{}\n", npyfs::line_for(file));
  }
  return 0;
}
