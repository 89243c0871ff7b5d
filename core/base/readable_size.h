// Sizes for people to read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace npyfs {

// "1.5 GiB", with the largest unit that leaves at least 1 before the point; "17 B" below 1 KiB, where `unit_of_bytes`
// is the word behind the number.
std::string readable_size(std::uint64_t bytes, std::string_view unit_of_bytes = "B");

}  // namespace npyfs
