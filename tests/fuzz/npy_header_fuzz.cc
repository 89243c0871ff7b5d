// Headers from anywhere: nothing crashes, and what is accepted is written again as a header that says the same.
#include <algorithm>
#include <cstdint>
#include <span>
#include <string>

#include "core/npy/npy_header.h"
#include "tests/fuzz/require.h"

namespace npyfs {
namespace {

void check_written_again(const NpyHeader& header) {
  const std::string text = format_npy_header(header.descr, header.fortran_order, header.shape);
  require(text.size() % 64 == 0, "a header is a multiple of 64");
  const auto bytes = std::as_bytes(std::span(text));
  const auto size = npy_header_size(bytes.first(12), bytes.size(), "again.npy");
  require(size && *size == text.size(), "the framing of what is written is right");
  const auto again = parse_npy_header(bytes, "again.npy");
  require(again.has_value(), "what is written parses");
  require(again->descr == header.descr, "descr stays");
  require(again->itemsize == header.itemsize, "itemsize stays");
  require(again->fortran_order == header.fortran_order, "fortran_order stays");
  require(again->shape == header.shape, "shape stays");
  require(again->holds_objects == header.holds_objects, "objects stay");
  require(again->data_offset == text.size(), "data_offset is the header's size");
}

void check(std::span<const std::byte> file) {
  const auto size = npy_header_size(file.first(std::min<std::size_t>(file.size(), 12)), file.size(), "fuzz.npy");
  if (!size) return require_sentence(to_message(size.error()));
  require(*size <= file.size() && *size <= kMaxHeaderBytes, "the size of a header is bounded");
  const auto header = parse_npy_header(file.first(*size), "fuzz.npy");
  if (!header) return require_sentence(to_message(header.error()));
  require(header->data_offset == *size, "data_offset is the header's size");
  require(data_size(*header) <= INT64_MAX - header->data_offset, "the data ends within file offsets");
  if (const auto sliceable = check_sliceable(*header, file.size(), "fuzz.npy"); !sliceable) {
    require_sentence(to_message(sliceable.error()));
  }
  check_written_again(*header);
}

}  // namespace
}  // namespace npyfs

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  npyfs::check(std::as_bytes(std::span(data, size)));
  return 0;
}
