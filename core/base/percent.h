// Any bytes as the name of a file, by percent-encoding: names of dtype fields and of archive members may hold a '/'.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace npyfs {

inline constexpr std::size_t kMaxFileName = 255;  // bytes; NAME_MAX

// `name` as the name of a file, in the one spelling that listings show. Written as %XX, with capital digits: '/', '%',
// control characters (0x00 to 0x1F and 0x7F), and the dots of the names "." and "..", which mean directories. The empty
// name is "%". All other bytes stay as they are: UTF-8 is not changed, and what is not UTF-8 is not refused.
//
//   "x"  x      "a/b"  a%2Fb      "100%"  100%25      "."  %2E      ".."  %2E%2E      ""  %
//
// nullopt if the result is longer than kMaxFileName: no file can have that name.
std::optional<std::string> percent_encoded(std::string_view name);

// The name that `file_name` means. Accepts more than percent_encoded() writes: any byte as %XX, in capital or small
// digits. To tell whether `file_name` is the listed spelling, encode the result again.
//
// nullopt for a '%' without two hexadecimal digits behind it (other than "%" alone), and for what no file can be
// called: the empty text, ".", "..", a '/' or NUL as it is, more than kMaxFileName bytes.
std::optional<std::string> percent_decoded(std::string_view file_name);

}  // namespace npyfs
