// Long options (--name, --name=VALUE) of the commands that do not mount, by getopt_long(3).
#pragma once

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"

namespace npyfs {

struct Flag {
  const char* name;  // without the leading dashes; "o" is -o, which may be given several times
  bool takes_value = true;
};

struct Flags {
  std::map<std::string, std::string> values;  // by name; "" for a flag without a value
  std::vector<std::string> options;           // the values of each -o, in their order
  std::vector<std::string> positional;

  bool has(const std::string& name) const { return values.contains(name); }
};

// Parses the arguments. argv[0] is the program's name; getopt_long reorders argv. kInvalidArgument for an option that
// is not in `known`, for a missing value, and for a value that the option does not take. Of two equal flags the last
// one counts. Not thread-safe, because getopt is not.
Result<Flags> parse_flags(int argc, char* argv[], std::span<const Flag> known);

}  // namespace npyfs
