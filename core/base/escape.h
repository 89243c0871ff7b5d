// Text that comes from outside (file names, dtype names) made harmless for a line of text.
#pragma once

#include <string>
#include <string_view>

namespace npyfs {

// `text` with every control character, backslash, byte that is not part of valid UTF-8, and Unicode line or direction
// control written as \n, \t, \\, \xNN. The result is one line of valid UTF-8, whatever came in.
std::string escaped(std::string_view text);

// Length in bytes of the well-formed UTF-8 sequence at the front of `text` (1 to 4), or 0 where there is none.
// Surrogates, overlong forms and code points beyond U+10FFFF are not well formed (Unicode 15, table 3-7).
int utf8_sequence_length(std::string_view text);

}  // namespace npyfs
