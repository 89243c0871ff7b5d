// numpy's type strings: '<f8', 'i4', 'float64', 'M8[25s]'.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace npyfs {

struct TypeString {
  std::string canonical;       // dtype.str: '<f8' (without quotes)
  std::uint64_t itemsize = 0;  // bytes, at most 2^31 - 1
  char kind = 0;               // dtype.kind, one of "biufcSUVOMm"
};

// What np.dtype(text) is, on a little-endian machine with 8-byte long and 16-byte long double. `text` is UTF-8. On
// failure a sentence without a subject: "there is no 'i' of 3 bytes (1, 2, 4 and 8 exist)".
std::expected<TypeString, std::string> parse_type_string(std::string_view text);

}  // namespace npyfs
