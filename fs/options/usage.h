// The text of --help.
#pragma once

#include <string>

namespace npyfs {

// Usage and options, in groups; fits on a screen of 24 lines and 80 columns.
std::string usage();

}  // namespace npyfs
