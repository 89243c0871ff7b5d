// Writing a header: what np.save puts before the data.
#include <algorithm>
#include <cstdint>

#include "core/base/utf8.h"
#include "core/npy/npy_framing.h"
#include "core/npy/npy_header.h"
#include "core/npy/python_repr.h"

namespace npyfs {
namespace {

constexpr std::size_t kAlignment = 64;         // of the data's offset; numpy's ARRAY_ALIGN
constexpr std::size_t kGrowthAxisDigits = 21;  // numpy's GROWTH_AXIS_MAX_DIGITS: the length of 8 * 2^64 - 1

// What every header's text has, but for the values.
constexpr std::string_view kRest = "{'descr': , 'fortran_order': , 'shape': , }";

// `text` in latin1, empty where some character is not in it. `text` holds at least one character.
std::string to_latin1(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::uint32_t code_point = take_code_point(text);
    if (code_point > 0xFF) return "";
    out += static_cast<char>(code_point);
  }
  return out;
}

// How many blanks follow a text whose header takes `unpadded` bytes: numpy pads by 1 to 64, never by none.
std::size_t padding_of(std::size_t unpadded, std::size_t alignment) {
  return alignment - unpadded % alignment;
}

// Magic, version and length of a header with a text of this many bytes, which is to be appended, and then end_header().
std::string begin_header(int major, std::size_t text_size, std::size_t alignment) {
  const std::size_t length_bytes = major == 1 ? 2 : 4;
  const std::size_t unpadded = kNpyMagic.size() + 2 + length_bytes + text_size + 1;
  const std::size_t padding = padding_of(unpadded, alignment);
  const std::size_t length = text_size + padding + 1;
  std::string header;
  header.reserve(unpadded + padding);
  header += kNpyMagic;
  header += static_cast<char>(major);
  header += '\0';
  for (std::size_t i = 0; i < length_bytes; ++i) header += static_cast<char>(length >> (8 * i) & 0xFF);
  return header;
}

// Padding and the end of the line: the header's size is then a multiple of `alignment`.
void end_header(std::string& header, std::size_t alignment) {
  header.append(padding_of(header.size() + 1, alignment), ' ');
  header += '\n';
}

// Whether a text of this many bytes, padded, has a length that the two bytes of version 1.0 can hold.
bool fits_version_1(std::size_t text_size, std::size_t alignment) {
  const std::size_t unpadded = kNpyMagic.size() + 2 + 2 + text_size + 1;
  return text_size + 1 + padding_of(unpadded, alignment) <= 0xFFFF;
}

std::size_t decimal_length(std::uint64_t number) {
  std::size_t digits = 1;
  for (; number >= 10; number /= 10) ++digits;
  return digits;
}

// Of format_shape().
std::size_t shape_length(std::span<const std::uint64_t> shape) {
  std::size_t length = 2 + (shape.size() == 1 ? 1 : 0);
  for (const std::uint64_t axis : shape) length += decimal_length(axis);
  return shape.size() > 1 ? length + 2 * (shape.size() - 1) : length;
}

// How many blanks leave room for the array to grow along its first axis, or its last one in Fortran order.
std::size_t room_to_grow(bool fortran_order, std::span<const std::uint64_t> shape) {
  return shape.empty() ? 0 : kGrowthAxisDigits - decimal_length(fortran_order ? shape.back() : shape.front());
}

// The number of bytes of a text.
std::size_t text_length(std::string_view descr, bool fortran_order, std::span<const std::uint64_t> shape) {
  return kRest.size() + descr.size() + (fortran_order ? 4 : 5) + shape_length(shape) +
         room_to_grow(fortran_order, shape);
}

void append_text(std::string& out, std::string_view descr, bool fortran_order, std::span<const std::uint64_t> shape) {
  out += "{'descr': ";
  out += descr;
  out += fortran_order ? ", 'fortran_order': True, 'shape': " : ", 'fortran_order': False, 'shape': ";
  append_python_repr(out, shape);
  out += ", }";
  out.append(room_to_grow(fortran_order, shape), ' ');
}

// With a descr that is not ASCII: numpy writes version 3, in UTF-8, only if latin1 does not do.
std::string format_header_beyond_ascii(std::string_view descr, bool fortran_order, std::span<const std::uint64_t> shape,
                                       std::size_t alignment) {
  std::string text;
  append_text(text, descr, fortran_order, shape);
  const std::string latin1 = to_latin1(text);
  const int major = latin1.empty() ? 3 : fits_version_1(latin1.size(), alignment) ? 1 : 2;
  const std::string& encoded = latin1.empty() ? text : latin1;
  std::string header = begin_header(major, encoded.size(), alignment);
  header += encoded;
  end_header(header, alignment);
  return header;
}

std::string format_header(std::string_view descr, bool fortran_order, std::span<const std::uint64_t> shape,
                          std::size_t alignment) {
  if (!is_ascii(descr)) return format_header_beyond_ascii(descr, fortran_order, shape, alignment);
  const std::size_t length = text_length(descr, fortran_order, shape);
  std::string header = begin_header(fits_version_1(length, alignment) ? 1 : 2, length, alignment);
  append_text(header, descr, fortran_order, shape);
  end_header(header, alignment);
  return header;
}

}  // namespace

std::string format_npy_header(std::string_view descr, bool fortran_order, std::span<const std::uint64_t> shape) {
  return format_header(descr, fortran_order, shape, kAlignment);
}

// The text is ASCII but for descr, so it is formatted only if that is not.
std::size_t npy_header_length(std::string_view descr, bool fortran_order, std::span<const std::uint64_t> shape) {
  if (!is_ascii(descr)) return format_npy_header(descr, fortran_order, shape).size();
  const std::size_t text = text_length(descr, fortran_order, shape);
  const std::size_t length_bytes = fits_version_1(text, kAlignment) ? 2 : 4;
  const std::size_t unpadded = kNpyMagic.size() + 2 + length_bytes + text + 1;
  return unpadded + padding_of(unpadded, kAlignment);
}

std::string format_page_aligned_npy_header(std::string_view descr, bool fortran_order,
                                           std::span<const std::uint64_t> shape) {
  return format_header(descr, fortran_order, shape, kDataPage);
}

bool is_fortran_contiguous_only(std::span<const std::uint64_t> shape) {
  const bool has_items = std::find(shape.begin(), shape.end(), 0) == shape.end();
  return has_items && std::count_if(shape.begin(), shape.end(), [](std::uint64_t n) { return n > 1; }) > 1;
}

std::string format_shape(std::span<const std::uint64_t> shape) {
  return python_repr(shape);
}

}  // namespace npyfs
