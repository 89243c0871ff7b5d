// UTF-8, byte by byte: whether a text is well formed, and the code points in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace npyfs {

// Length in bytes of the well-formed UTF-8 sequence at the front of `text` (1 to 4), or 0 where there is none.
// Surrogates, overlong forms and code points beyond U+10FFFF are not well formed (Unicode 15, table 3-7).
int utf8_sequence_length(std::string_view text);

bool is_ascii(std::string_view text);
bool is_utf8(std::string_view text);

// The offset in bytes of the first sequence that is not well formed; text.size() if all of `text` is.
std::size_t utf8_error_offset(std::string_view text);

// Decodes the well-formed sequence at the front of `text` and removes it there.
std::uint32_t take_code_point(std::string_view& text);

// Appends a code point (not a surrogate, at most U+10FFFF).
void append_utf8(std::string& out, std::uint32_t code_point);

// The number of code points in a well-formed text.
std::size_t count_code_points(std::string_view text);

// The longest front of a well-formed text that has at most `max_bytes` bytes and cuts no code point in two.
std::string_view utf8_front(std::string_view text, std::size_t max_bytes);

}  // namespace npyfs
