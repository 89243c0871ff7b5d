#include "core/base/escape.h"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>

#include "core/base/utf8.h"

namespace npyfs {
namespace {

// C1 controls (U+0080-U+009F), line and paragraph separators and the bidirectional controls: a terminal acts on them.
bool is_acting_code_point(std::uint32_t code_point) {
  return (code_point >= 0x80 && code_point <= 0x9F) || code_point == 0x061C ||
         (code_point >= 0x200E && code_point <= 0x200F) || (code_point >= 0x2028 && code_point <= 0x202E) ||
         (code_point >= 0x2066 && code_point <= 0x2069);
}

std::uint32_t code_point_of(std::string_view sequence) {
  return take_code_point(sequence);
}

void append_hex(std::string& out, std::string_view bytes) {
  for (char c : bytes) fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto length = static_cast<std::size_t>(utf8_sequence_length(text));
    const std::string_view sequence = text.substr(0, length == 0 ? 1 : length);
    text.remove_prefix(sequence.size());
    const char c = sequence[0];
    if (length == 1 && c == '\n') {
      out += "\\n";
    } else if (length == 1 && c == '\t') {
      out += "\\t";
    } else if (length == 1 && c == '\r') {
      out += "\\r";
    } else if (length == 1 && c == '\\') {
      out += "\\\\";
    } else if (length == 0 || (length == 1 && (c < 0x20 || c == 0x7F)) ||
               (length > 1 && is_acting_code_point(code_point_of(sequence)))) {
      append_hex(out, sequence);
    } else {
      out += sequence;
    }
  }
  return out;
}

}  // namespace npyfs
