#include "core/npy/python_repr.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "core/base/escape.h"

namespace npyfs {
namespace {

struct CodePointRange {
  std::uint32_t first;
  std::uint32_t last;  // inclusive
};

// Sorted, not overlapping.
constexpr CodePointRange kUnprintable[] = {
#include "core/npy/python_unprintable.inc"
};

bool is_printable(std::uint32_t code_point) {
  const auto* const range =
      std::lower_bound(std::begin(kUnprintable), std::end(kUnprintable), code_point,
                       [](const CodePointRange& candidate, std::uint32_t wanted) { return candidate.last < wanted; });
  return range == std::end(kUnprintable) || code_point < range->first;
}

}  // namespace

void append_utf8(std::string& out, std::uint32_t code_point) {
  const auto append = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code_point < 0x80) {
    append(code_point);
  } else if (code_point < 0x800) {
    append(0xC0 | code_point >> 6);
    append(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    append(0xE0 | code_point >> 12);
    append(0x80 | (code_point >> 6 & 0x3F));
    append(0x80 | (code_point & 0x3F));
  } else {
    append(0xF0 | code_point >> 18);
    append(0x80 | (code_point >> 12 & 0x3F));
    append(0x80 | (code_point >> 6 & 0x3F));
    append(0x80 | (code_point & 0x3F));
  }
}

std::uint32_t take_code_point(std::string_view& text) {
  const auto length = static_cast<std::size_t>(utf8_sequence_length(text));
  const auto lead = static_cast<unsigned char>(text[0]);
  std::uint32_t code_point = length <= 1 ? lead : lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) code_point = code_point << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  text.remove_prefix(std::max<std::size_t>(length, 1));
  return code_point;
}

std::string python_repr(std::string_view text) {
  const bool holds_single = text.find('\'') != std::string_view::npos;
  const bool holds_double = text.find('"') != std::string_view::npos;
  const char quote = holds_single && !holds_double ? '"' : '\'';
  std::string out(1, quote);
  while (!text.empty()) {
    const std::uint32_t c = take_code_point(text);
    if (c == static_cast<std::uint32_t>(quote) || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n' || c == '\r' || c == '\t') {
      out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
    } else if (is_printable(c)) {
      append_utf8(out, c);
    } else if (c <= 0xFF) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", c);
    } else if (c <= 0xFFFF) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
    } else {
      fmt::format_to(std::back_inserter(out), "\\U{:08x}", c);
    }
  }
  out += quote;
  return out;
}

std::string python_repr(std::span<const std::uint64_t> tuple) {
  if (tuple.size() == 1) return fmt::format("({},)", tuple[0]);
  return fmt::format("({})", fmt::join(tuple, ", "));
}

}  // namespace npyfs
