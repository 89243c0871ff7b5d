#include "core/npy/python_token.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/base/checked.h"
#include "core/base/digits.h"
#include "core/base/sentence.h"
#include "core/base/utf8.h"

namespace npyfs {
namespace {

using Kind = PythonLiteral::Kind;

unsigned base_of(std::string_view number) {
  if (number.size() < 2 || number[0] != '0') return 10;
  switch (number[1]) {
    case 'x':
    case 'X':
      return 16;
    case 'o':
    case 'O':
      return 8;
    case 'b':
    case 'B':
      return 2;
    default:
      return 10;
  }
}

// Digits of `base`, single underscores between them.
bool is_digit_run(std::string_view digits, unsigned base) {
  bool after_digit = false;
  for (char c : digits) {
    if (c == '_' ? !after_digit : digit_value(c) >= base) return false;
    after_digit = c != '_';
  }
  return after_digit;
}

std::optional<std::uint64_t> int_value(std::string_view digits, unsigned base) {
  std::optional<std::uint64_t> value = 0;
  for (char c : digits) {
    if (c == '_') continue;
    value = checked_mul<std::uint64_t>(*value, base);
    if (value) value = checked_add<std::uint64_t>(*value, digit_value(c));
    if (!value) return std::nullopt;
  }
  return value;
}

// The end of the run of characters that belong to the number that starts at `at`: letters, digits, underscores, points,
// and the sign of an exponent.
std::size_t number_end(std::string_view text, std::size_t at) {
  const bool decimal = base_of(text.substr(at)) == 10;
  std::size_t end = at;
  while (end < text.size()) {
    const char c = text[end];
    const bool exponent_sign = decimal && (c == '+' || c == '-') && (text[end - 1] == 'e' || text[end - 1] == 'E');
    if (!is_identifier_byte(c) && c != '.' && !exponent_sign) break;
    ++end;
  }
  return end;
}

bool has_leading_zero(std::string_view decimal) {
  return decimal[0] == '0' && decimal.find_first_not_of("0_") != std::string_view::npos;
}

// A decimal float or complex number, loosely: nothing in a header may be one, so they are only told apart from junk.
std::optional<Kind> kind_of_fraction(std::string_view word) {
  const bool imaginary = word.back() == 'j' || word.back() == 'J';
  if (imaginary) word.remove_suffix(1);
  if (word.find_first_not_of("0123456789_.eE+-") != std::string_view::npos) return std::nullopt;
  if (!imaginary && word.find_first_of(".eE") == std::string_view::npos) return std::nullopt;
  return imaginary ? Kind::kComplex : Kind::kFloat;
}

// The prefix of a string: where its quote stands, and what the letters before it mean.
struct StringStart {
  std::size_t quote;
  bool raw = false;
  bool bytes = false;
  bool formatted = false;
};

std::optional<StringStart> string_start(std::string_view text, std::size_t at) {
  StringStart start{at};
  bool unicode = false;
  for (; start.quote < text.size() && start.quote - at <= 2; ++start.quote) {
    const char c = text[start.quote];
    if (c == '\'' || c == '"') {
      const bool known =
          !(unicode && (start.raw || start.bytes || start.formatted)) && !(start.bytes && start.formatted);
      return known ? std::optional(start) : std::nullopt;
    }
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    bool* const flag = lower == 'r'   ? &start.raw
                       : lower == 'b' ? &start.bytes
                       : lower == 'f' ? &start.formatted
                       : lower == 'u' ? &unicode
                                      : nullptr;
    if (flag == nullptr || *flag) return std::nullopt;
    *flag = true;
  }
  return std::nullopt;
}

// How many digits of `base` stand at `at`, at most `limit`.
std::size_t count_digits(std::string_view text, std::size_t at, unsigned base, std::size_t limit) {
  std::size_t count = 0;
  while (count < limit && at + count < text.size() && digit_value(text[at + count]) < base) ++count;
  return count;
}

// The character that a single-letter escape stands for, or none.
std::optional<char> simple_escape(char letter) {
  static constexpr std::string_view kLetters = "\\'\"abfnrtv";
  static constexpr std::string_view kMeanings = "\\'\"\a\b\f\n\r\t\v";
  const std::size_t found = kLetters.find(letter);
  if (found == std::string_view::npos) return std::nullopt;
  return kMeanings[found];
}

// The end of the run of characters from `at` that stand for themselves in any string.
std::size_t plain_end(std::string_view text, std::size_t at) {
  const auto is_special = [](char c) { return c == '\'' || c == '"' || c == '\\' || c == '\r' || c == '\n'; };
  const auto* const end = std::find_if(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), is_special);
  return static_cast<std::size_t>(end - text.begin());
}

// Reads the escape behind the backslash at `at` into `out` and moves `at` behind it.
std::expected<void, std::string> read_escape(std::string_view text, std::size_t& at, std::string& out) {
  const std::size_t start = at++;
  const char letter = at < text.size() ? text[at] : '\0';
  if (const auto simple = simple_escape(letter)) {
    out += *simple;
    ++at;
    return {};
  }
  const bool octal = letter >= '0' && letter <= '7';
  const std::size_t wanted = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : octal ? 3 : 0;
  const unsigned base = octal ? 8 : 16;
  if (!octal) ++at;
  const std::size_t count = count_digits(text, at, base, wanted);
  if (!octal && (wanted == 0 || count != wanted)) {
    return Sentence(fmt::format("the backslash at {} of the header starts no string escape that npyfs reads",
                                at_character(text, start)));
  }
  const std::uint64_t code_point = int_value(text.substr(at, count), base).value_or(UINT64_MAX);
  at += count;
  if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF)) {
    return Sentence(fmt::format("the string escape at {} of the header stands for U+{:04X}, which is no character",
                                at_character(text, start), code_point));
  }
  append_utf8(out, static_cast<std::uint32_t>(code_point));
  return {};
}

}  // namespace

std::string at_character(std::string_view text, std::size_t at) {
  return fmt::format("character {}", count_code_points(text.substr(0, at)));
}

bool is_identifier_byte(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool starts_string(std::string_view text, std::size_t at) {
  return string_start(text, at).has_value();
}

std::expected<PythonLiteral, std::string> read_string(std::string_view text, std::size_t& at) {
  const std::size_t begin = at;
  const StringStart start = *string_start(text, at);
  if (start.formatted) {
    return Sentence(fmt::format("an f-string stands at {} of the header, only plain strings are literals",
                                at_character(text, begin)));
  }
  const std::string triple(3, text[start.quote]);
  const bool is_triple = text.substr(start.quote, 3) == triple;
  const std::string_view quote = std::string_view(triple).substr(0, is_triple ? 3 : 1);
  PythonLiteral literal{.kind = start.bytes ? Kind::kBytes : Kind::kStr};
  at = start.quote + quote.size();
  while (at < text.size() && text.substr(at, quote.size()) != quote) {
    const char c = text[at];
    if (c == '\r' || (c == '\n' && !is_triple)) break;
    if (c == '\\' && !start.raw && !start.bytes) {
      if (auto done = read_escape(text, at, literal.text); !done) return Sentence(std::move(done.error()));
      continue;
    }
    // In raw strings and bytes a backslash keeps the character behind it, a quote for instance, in the string.
    const bool keeps_next = c == '\\' && at + 1 < text.size() && text[at + 1] != '\n' && text[at + 1] != '\r';
    const std::size_t length = keeps_next ? 2 : std::max<std::size_t>(plain_end(text, at) - at, 1);
    if (!start.bytes) literal.text += text.substr(at, length);
    at += length;
  }
  if (at >= text.size() || text.substr(at, quote.size()) != quote) {
    return Sentence(
        fmt::format("the string that starts at {} of the header is not terminated", at_character(text, begin)));
  }
  at += quote.size();
  literal.source = text.substr(begin, at - begin);
  return literal;
}

std::expected<PythonLiteral, std::string> read_number(std::string_view text, std::size_t& at, LiteralDialect dialect) {
  const std::size_t begin = at;
  at = number_end(text, begin);
  PythonLiteral literal{.kind = Kind::kInt, .source = text.substr(begin, at - begin)};
  std::string_view word = literal.source;
  const unsigned base = base_of(word);
  const bool is_long = word.size() > 1 && word.back() == 'L';
  std::string_view digits = is_long ? word.substr(0, word.size() - 1) : word;
  if (base != 10) digits.remove_prefix(digits.size() > 2 && digits[2] == '_' ? 3 : 2);
  if (is_digit_run(digits, base)) {
    if (base == 10 && has_leading_zero(digits)) {
      return Sentence(fmt::format("the number '{}' at {} of the header has leading zeros, which Python does not allow",
                                  excerpt(literal.source), at_character(text, begin)));
    }
    if (is_long && dialect != LiteralDialect::kPython2) {
      return Sentence(
          fmt::format("the number '{}' at {} of the header ends in Python 2's L, which only versions 1.0 and "
                      "2.0 may hold",
                      excerpt(literal.source), at_character(text, begin)));
    }
    literal.magnitude = int_value(digits, base);
    return literal;
  }
  if (const auto kind = kind_of_fraction(word)) {
    literal.kind = *kind;
    return literal;
  }
  return Sentence(
      fmt::format("'{}' at {} of the header is no number", excerpt(literal.source), at_character(text, begin)));
}

}  // namespace npyfs
