// Long options (--name, --name=VALUE) of the commands that do not mount, by getopt_long(3).
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace npyfs {

struct Flag {
  const char* name;  // without its dashes
  bool takes_value = true;
};

struct Flags {
  std::map<std::string, std::string> values;  // by name; "" for flags that take no value
  std::vector<std::string> positional;

  bool has(const std::string& name) const { return values.contains(name); }
};

// Takes the arguments apart; argv[0] is the program's name, and the order of argv changes. kInvalidArgument for what is
// not in `known`, for a missing value, and for a value too many. The last of two equal flags counts. Not thread-safe,
// as getopt is not.
Result<Flags> parse_flags(int argc, char* argv[], std::span<const Flag> known);

}  // namespace npyfs
