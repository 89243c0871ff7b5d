#include "core/npy/npy_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <expected>
#include <optional>
#include <utility>

#include "core/base/checked.h"
#include "core/base/sentence.h"
#include "core/base/utf8.h"
#include "core/npy/dtype_parser.h"
#include "core/npy/npy_framing.h"
#include "core/npy/python_parser.h"
#include "core/npy/python_repr.h"

namespace npyfs {
namespace {

static_assert(kMaxHeaderBytes == 12 + kMaxHeaderText);

using Kind = PythonLiteral::Kind;

// The header's text as UTF-8, from the encoding of its version.
std::expected<std::string, std::string> decode(std::string_view bytes, int major) {
  if (is_ascii(bytes)) return std::string(bytes);  // in all versions, and nearly always
  if (major < 3) {
    std::string text;
    text.reserve(bytes.size());
    for (char c : bytes) append_utf8(text, static_cast<unsigned char>(c));
    return text;
  }
  if (bytes.starts_with("\xEF\xBB\xBF")) return Sentence("the header starts with a byte order mark, expected a dict");
  if (const std::size_t at = utf8_error_offset(bytes); at < bytes.size()) {
    const auto byte = [&](std::size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u; };
    const bool surrogate = byte(at) == 0xED && byte(at + 1) >= 0xA0;
    return Sentence(fmt::format("byte {} of the header (0x{:02x}) {}, version 3.0 is UTF-8", at, byte(at),
                                surrogate ? "starts an encoded surrogate" : "is not valid UTF-8"));
  }
  return std::string(bytes);
}

// The values of the three keys that a header has.
struct Entries {
  const PythonLiteral* descr = nullptr;
  const PythonLiteral* fortran_order = nullptr;
  const PythonLiteral* shape = nullptr;
};

std::expected<Entries, std::string> find_entries(const PythonLiteral& dict) {
  if (dict.kind != Kind::kDict) {
    return Sentence(fmt::format("the header is {}, expected a dict", description(dict)));
  }
  Entries entries;
  const std::array<std::pair<std::string_view, const PythonLiteral**>, 3> expected = {
      {{"descr", &entries.descr}, {"fortran_order", &entries.fortran_order}, {"shape", &entries.shape}}};
  for (std::size_t i = 0; i < dict.items.size(); i += 2) {
    const PythonLiteral& key = dict.items[i];
    if (key.kind != Kind::kStr) {
      return Sentence(fmt::format("a key of the header is {}, expected a str", description(key)));
    }
    const auto* const slot = std::find_if(expected.begin(), expected.end(),
                                          [&](const auto& candidate) { return candidate.first == key.text; });
    if (slot == expected.end()) {
      return Sentence(fmt::format("the header has the key {}, expected 'descr', 'fortran_order' and 'shape' only",
                                  excerpt(key.source)));
    }
    // numpy takes the last one. Other readers take the first, so such a file means two arrays.
    if (*slot->second != nullptr) {
      return Sentence(
          fmt::format("the header has the key '{}' twice, and readers differ in which one they take", slot->first));
    }
    *slot->second = &dict.items[i + 1];
  }
  for (const auto& [name, value] : expected) {
    if (*value == nullptr) return Sentence(fmt::format("the header lacks the key '{}'", name));
  }
  return entries;
}

std::expected<bool, std::string> parse_fortran_order(const PythonLiteral& value) {
  if (value.kind == Kind::kBool) return value.truth;
  return Sentence(fmt::format("fortran_order is {}, expected True or False", description(value)));
}

std::expected<std::vector<std::uint64_t>, std::string> parse_shape(const PythonLiteral& value) {
  if (value.kind != Kind::kTuple) {
    return Sentence(fmt::format("shape is {}, expected a tuple of ints", description(value)));
  }
  if (value.items.size() > kMaxDimensions) {
    return Sentence(fmt::format("shape has {} dimensions, {} are the most", value.items.size(), kMaxDimensions));
  }
  std::vector<std::uint64_t> shape;
  for (std::size_t axis = 0; axis < value.items.size(); ++axis) {
    const PythonLiteral& length = value.items[axis];
    if (length.kind != Kind::kInt) {
      return Sentence(fmt::format("shape[{}] is {}, expected an int", axis, description(length)));
    }
    if (length.negative) {
      return Sentence(fmt::format(
          "shape {} has a negative dimension; numpy may take -1 for what the file's length leaves, npyfs does not",
          excerpt(value.source)));
    }
    if (!length.magnitude || *length.magnitude > INT64_MAX) {
      return Sentence(fmt::format("shape[{}] is {}, larger than 2^63 - 1", axis, excerpt(length.source)));
    }
    shape.push_back(*length.magnitude);
  }
  return shape;
}

// Whether itemsize * product(shape) + data_offset fits into int64_t. A zero in the shape does not hide an overflow of
// the other dimensions: numpy multiplies those too.
bool sizes_fit(const NpyHeader& header) {
  std::optional<std::int64_t> size = static_cast<std::int64_t>(header.itemsize);
  for (const std::uint64_t length : header.shape) {
    if (length != 0 && size) size = checked_mul(*size, static_cast<std::int64_t>(length));
  }
  return size && checked_add(*size, static_cast<std::int64_t>(header.data_offset));
}

// Whether npyfs would read this header as numpy writes it, which takes more bytes than some spellings do. No view of an
// array has a longer header than the array itself in one of the two orders.
bool rewritten_fits(const NpyHeader& header) {
  // Keys, shape (at most 64 numbers of 20 digits) and padding take less than 4 KiB.
  if (header.descr.size() + 4096 < kMaxHeaderText) return true;
  for (const bool fortran_order : {false, true}) {
    if (format_npy_header(header.descr, fortran_order, header.shape).size() > kMaxHeaderBytes) return false;
  }
  return true;
}

std::expected<NpyHeader, std::string> parse_text(std::string_view text, const NpyFraming& framing) {
  const auto dialect = framing.major < 3 ? LiteralDialect::kPython2 : LiteralDialect::kPython3;
  const auto dict = parse_python_literal(text, dialect);
  if (!dict) return Sentence(dict.error());
  const auto entries = find_entries(*dict);
  if (!entries) return Sentence(entries.error());
  auto dtype = parse_dtype(*entries->descr);
  if (!dtype) return Sentence(std::move(dtype.error()));
  const auto fortran_order = parse_fortran_order(*entries->fortran_order);
  if (!fortran_order) return Sentence(fortran_order.error());
  auto shape = parse_shape(*entries->shape);
  if (!shape) return Sentence(std::move(shape.error()));
  NpyHeader header{dtype->descr(),  dtype->itemsize,      *fortran_order,          std::move(*shape),
                   framing.total(), dtype->holds_objects, std::move(dtype->fields)};
  if (!sizes_fit(header)) {
    const bool has_zero = std::find(header.shape.begin(), header.shape.end(), 0) != header.shape.end();
    return Sentence(fmt::format("shape {} with items of {} bytes needs more than 2^63 - 1 bytes{}",
                                format_shape(header.shape), header.itemsize,
                                has_zero ? " in its dimensions other than 0" : ", the header included"));
  }
  if (!rewritten_fits(header)) {
    return Sentence(fmt::format("the header, written as numpy writes it, has more than the {} bytes that npyfs reads",
                                kMaxHeaderText));
  }
  return header;
}

}  // namespace

Result<std::size_t> npy_header_size(std::span<const std::byte> first_bytes, std::uint64_t file_size,
                                    std::string_view file_name) {
  const auto framing = read_npy_framing(first_bytes, file_size, file_name);
  if (!framing) return std::unexpected(framing.error());
  return framing->total();
}

Result<NpyHeader> parse_npy_header(std::span<const std::byte> bytes, std::string_view file_name) {
  const auto refuse = [&](std::string sentence) {
    return std::unexpected(Error{ErrorKind::kMalformed, std::string(file_name), std::move(sentence)});
  };
  const auto framing = read_npy_framing(bytes, bytes.size(), file_name);
  if (!framing) return std::unexpected(framing.error());
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto text = decode(all.substr(framing->text_offset, framing->text_length), framing->major);
  if (!text) return refuse(text.error());
  auto header = parse_text(*text, *framing);
  if (!header) return refuse(std::move(header.error()));
  return std::move(*header);
}

Result<void> check_sliceable(const NpyHeader& header, std::uint64_t file_size, std::string_view file_name) {
  const auto refuse = [&](std::string sentence) {
    return std::unexpected(Error{ErrorKind::kNotSliceable, std::string(file_name), std::move(sentence)});
  };
  if (header.holds_objects) {
    return refuse(fmt::format("the array holds pickled Python objects (descr {}), which have no fixed row size",
                              shortened(header.descr)));
  }
  if (auto complete = check_data_size(header, file_size, file_name); !complete) return complete;
  if (header.shape.empty()) return refuse("the array has no dimensions (shape ()), so it has no slices");
  if (header.itemsize == 0) {
    return refuse(fmt::format("the items of the array have 0 bytes (descr {}), so its slices would hold nothing",
                              shortened(header.descr)));
  }
  return {};
}

Result<void> check_data_size(const NpyHeader& header, std::uint64_t file_size, std::string_view file_name) {
  const std::uint64_t promised = data_size(header);
  const std::uint64_t held = file_size - std::min(file_size, header.data_offset);
  if (held >= promised) return {};
  return std::unexpected(
      Error{ErrorKind::kMalformed, std::string(file_name),
            fmt::format("the header promises {} bytes of data (shape {}, descr {}), the file holds {}", promised,
                        format_shape(header.shape), shortened(header.descr), held)});
}

bool is_extension_of(const NpyHeader& longer, const NpyHeader& array) {
  if (longer.descr != array.descr || longer.fortran_order != array.fortran_order ||
      longer.data_offset != array.data_offset || longer.shape.size() != array.shape.size() || array.shape.empty()) {
    return false;
  }
  const std::size_t slowest = array.fortran_order ? array.shape.size() - 1 : 0;
  auto shape = longer.shape;
  if (shape[slowest] < array.shape[slowest]) return false;
  shape[slowest] = array.shape[slowest];
  return shape == array.shape;
}

std::uint64_t data_size(const NpyHeader& header) {
  std::uint64_t size = header.itemsize;
  for (const std::uint64_t length : header.shape) size *= length;
  return size;
}

}  // namespace npyfs
