// Values the way Python prints them: what repr() makes of a str and of a tuple of ints, and the UTF-8 behind it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace npyfs {

// Appends a code point (not a surrogate, at most U+10FFFF) as UTF-8.
void append_utf8(std::string& out, std::uint32_t code_point);

// Decodes the well-formed UTF-8 sequence at the front of `text` and removes it there.
std::uint32_t take_code_point(std::string_view& text);

// repr(str) for a well-formed UTF-8 `text`: its quotes, \n \r \t, \xNN, \uNNNN and \UNNNNNNNN for what str.isprintable
// denies (by Unicode 14, as Python 3.11 has it), everything else as it is.
std::string python_repr(std::string_view text);

// repr of a tuple of ints: "()", "(3,)", "(3, 4)".
std::string python_repr(std::span<const std::uint64_t> tuple);

}  // namespace npyfs
