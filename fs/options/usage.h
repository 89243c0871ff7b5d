// The text of --help.
#pragma once

#include <string>

namespace npyfs {

// Usage and options, in groups, on one screen.
std::string usage();

}  // namespace npyfs
