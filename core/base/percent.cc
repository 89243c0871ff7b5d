#include "core/base/percent.h"

#include "core/base/digits.h"

namespace npyfs {
namespace {

constexpr std::string_view kEmptyName = "%";

void append_encoded(std::string& out, char c) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += kDigits[byte >> 4];
  out += kDigits[byte & 0xF];
}

bool is_dots(std::string_view name) {
  return name == "." || name == "..";
}

bool is_encoded_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F || c == '/' || c == '%';
}

// The byte that the three bytes at the front of `text` stand for.
std::optional<char> decoded_byte(std::string_view text) {
  if (text.size() < 3) return std::nullopt;
  const unsigned high = digit_value(text[1]);
  const unsigned low = digit_value(text[2]);
  if (high > 15 || low > 15) return std::nullopt;
  return static_cast<char>(high << 4 | low);
}

bool can_name_a_file(std::string_view name) {
  return !name.empty() && name.size() <= kMaxFileName && !is_dots(name) &&
         name.find_first_of(std::string_view("/\0", 2)) == std::string_view::npos;
}

}  // namespace

std::optional<std::string> percent_encoded(std::string_view name) {
  if (name.empty()) return std::string(kEmptyName);
  if (name.size() > kMaxFileName) return std::nullopt;
  std::string out;
  for (const char c : name) {
    if (is_encoded_byte(c) || is_dots(name)) {
      append_encoded(out, c);
    } else {
      out += c;
    }
  }
  if (out.size() > kMaxFileName) return std::nullopt;
  return out;
}

std::optional<std::string> percent_decoded(std::string_view file_name) {
  if (!can_name_a_file(file_name)) return std::nullopt;
  if (file_name == kEmptyName) return "";
  std::string name;
  for (std::size_t at = 0; at < file_name.size();) {
    if (file_name[at] != '%') {
      name += file_name[at++];
      continue;
    }
    const auto byte = decoded_byte(file_name.substr(at));
    if (!byte) return std::nullopt;
    name += *byte;
    at += 3;
  }
  return name;
}

}  // namespace npyfs
