// The two tokens of a Python literal that have an inside: numbers and strings.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "core/npy/python_literal.h"

namespace npyfs {

// Where in `text` the byte offset `at` is, counted in characters: "character 17".
std::string at_character(std::string_view text, std::size_t at);

// Whether a Python identifier could hold this byte of UTF-8: letters, digits, underscores and all of non-ASCII.
bool is_identifier_byte(char c);

// Whether a string, with or without a prefix such as r or b, starts at `at`. Prefixes that Python does not know (bu)
// make no string.
bool starts_string(std::string_view text, std::size_t at);

// Reads the string that starts at `at` and moves `at` behind it. Kind kStr with its value, or kBytes with none: no part
// of a header may be bytes, so only their extent matters.
std::expected<PythonLiteral, std::string> read_string(std::string_view text, std::size_t& at);

// Reads the number that starts at `at` (a digit, or a point and a digit) and moves `at` behind it.
std::expected<PythonLiteral, std::string> read_number(std::string_view text, std::size_t& at, LiteralDialect dialect);

}  // namespace npyfs
