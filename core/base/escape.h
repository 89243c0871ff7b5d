// Text that comes from outside (file names, dtype names) made harmless for a line of text.
#pragma once

#include <string>
#include <string_view>

namespace npyfs {

// `text` with every control character, backslash, byte that is not part of valid UTF-8, and Unicode line or direction
// control written as \n, \t, \\, \xNN. The result is one line of valid UTF-8, whatever came in.
std::string escaped(std::string_view text);

}  // namespace npyfs
