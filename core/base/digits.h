// Digits in ASCII, whatever the locale.
#pragma once

namespace npyfs {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The value of a digit in any base up to 16, 16 for anything else.
constexpr unsigned digit_value(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return 16;
}

}  // namespace npyfs
