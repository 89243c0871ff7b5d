#include "core/base/escape.h"

#include <fmt/format.h>

#include <cstdint>

namespace npyfs {
namespace {

bool is_continuation(unsigned char byte) {
  return (byte & 0xC0) == 0x80;
}

// C1 controls (U+0080-U+009F), line and paragraph separators and the bidirectional controls: a terminal acts on them.
bool is_acting_code_point(std::uint32_t code_point) {
  return (code_point >= 0x80 && code_point <= 0x9F) || code_point == 0x061C ||
         (code_point >= 0x200E && code_point <= 0x200F) || (code_point >= 0x2028 && code_point <= 0x202E) ||
         (code_point >= 0x2066 && code_point <= 0x2069);
}

std::uint32_t decode(std::string_view sequence) {
  const auto lead = static_cast<unsigned char>(sequence[0]);
  std::uint32_t code_point = sequence.size() == 1   ? lead
                             : sequence.size() == 2 ? lead & 0x1Fu
                             : sequence.size() == 3 ? lead & 0x0Fu
                                                    : lead & 0x07u;
  for (char c : sequence.substr(1)) code_point = code_point << 6 | (static_cast<unsigned char>(c) & 0x3Fu);
  return code_point;
}

void append_hex(std::string& out, std::string_view bytes) {
  for (char c : bytes) fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
}

}  // namespace

int utf8_sequence_length(std::string_view text) {
  if (text.empty()) return 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const int length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() < static_cast<std::size_t>(length)) return 0;
  for (int i = 1; i < length; ++i) {
    if (!is_continuation(byte(static_cast<std::size_t>(i)))) return 0;
  }
  const unsigned char second = byte(1);
  if (lead == 0xE0 && second < 0xA0) return 0;
  if (lead == 0xED && second > 0x9F) return 0;
  if (lead == 0xF0 && second < 0x90) return 0;
  if (lead == 0xF4 && second > 0x8F) return 0;
  return length;
}

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
               (length > 1 && is_acting_code_point(decode(sequence)))) {
      append_hex(out, sequence);
    } else {
      out += sequence;
    }
  }
  return out;
}

}  // namespace npyfs
