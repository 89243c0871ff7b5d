// Values the way Python prints them: what repr() makes of a str and of a tuple of ints.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace npyfs {

// repr(str) for a well-formed UTF-8 `text`: its quotes, \n \r \t, \xNN, \uNNNN and \UNNNNNNNN for what str.isprintable
// denies (by Unicode 14, as Python 3.11 has it), everything else as it is.
std::string python_repr(std::string_view text);

// repr of a tuple of ints: "()", "(3,)", "(3, 4)".
std::string python_repr(std::span<const std::uint64_t> tuple);
// The same, appended to `out`.
void append_python_repr(std::string& out, std::span<const std::uint64_t> tuple);

}  // namespace npyfs
