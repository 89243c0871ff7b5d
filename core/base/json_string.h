// Text as a string of JSON.
#pragma once

#include <string>

namespace npyfs {

// With its quotes. Always valid JSON: bytes that are not UTF-8 become U+FFFD.
std::string json_string(const std::string& text);

}  // namespace npyfs
