// Text the way Python prints it: what repr() makes of a str, and the UTF-8 that stands behind it.
#pragma once

#include <cstdint>
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

}  // namespace npyfs
