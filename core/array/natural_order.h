// The order in which people number files: part-9 before part-10.
#pragma once

#include <string_view>

namespace npyfs {

// Whether `a` comes before `b`. Runs of decimal digits are compared as numbers of any size, all other bytes by their
// values. Names that are equal so far (7 and 007) are in the order of their bytes. A strict total order.
bool is_naturally_before(std::string_view a, std::string_view b);

}  // namespace npyfs
