#include "core/npy/python_repr.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "core/base/utf8.h"

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

std::string python_repr(std::string_view text) {
  const bool holds_single = text.find('\'') != std::string_view::npos;
  const bool holds_double = text.find('"') != std::string_view::npos;
  const char quote = holds_single && !holds_double ? '"' : '\'';
  std::string out(1, quote);
  const auto is_plain = [&](char c) { return c >= ' ' && c < 0x7F && c != quote && c != '\\'; };
  while (true) {
    const std::size_t plain = static_cast<std::size_t>(std::ranges::find_if_not(text, is_plain) - text.begin());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
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

void append_python_repr(std::string& out, std::span<const std::uint64_t> tuple) {
  constexpr std::size_t kMostDigits = 20;
  out += '(';
  for (std::size_t i = 0; i < tuple.size(); ++i) {
    if (i > 0) out += ", ";
    char digits[kMostDigits];
    out.append(digits, std::to_chars(digits, digits + kMostDigits, tuple[i]).ptr);
  }
  out += tuple.size() == 1 ? ",)" : ")";
}

std::string python_repr(std::span<const std::uint64_t> tuple) {
  std::string out;
  append_python_repr(out, tuple);
  return out;
}

}  // namespace npyfs
