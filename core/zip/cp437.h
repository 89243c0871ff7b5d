// Code page 437, in which zip archives have names that are not marked as UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace npyfs {

// As Python's bytes.decode('cp437'), in UTF-8. Every byte has a character.
std::string cp437_decoded(std::string_view bytes);

}  // namespace npyfs
