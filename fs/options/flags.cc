#include "fs/options/flags.h"

#include <getopt.h>

#include "fs/options/wrong_use.h"

namespace npyfs {
namespace {

constexpr int kFirstFlag = 256;  // above all characters: getopt_long returns a character for a short option

}  // namespace

Result<Flags> parse_flags(int argc, char* argv[], std::span<const Flag> known) {
  std::vector<option> table;
  for (std::size_t i = 0; i < known.size(); ++i) {
    const int argument = known[i].takes_value ? required_argument : no_argument;
    table.push_back({known[i].name, argument, nullptr, kFirstFlag + static_cast<int>(i)});
  }
  table.push_back({});
  Flags flags;
  optind = 0;  // makes glibc reset the state that it kept for an earlier argv
  // A leading ':' makes getopt_long print nothing and return ':' for a missing value.
  for (int found; (found = ::getopt_long(argc, argv, ":", table.data(), nullptr)) != -1;) {
    if (found == ':') return wrong_use(argv[optind - 1], "needs a value behind it");
    if (found == '?') return wrong_use(argv[optind - 1], "is no option here, or takes no value");
    const std::string name = known[static_cast<std::size_t>(found - kFirstFlag)].name;
    flags.given.emplace_back(name, optarg == nullptr ? "" : optarg);
    flags.values[name] = flags.given.back().second;
  }
  flags.positional.assign(argv + optind, argv + argc);
  return flags;
}

}  // namespace npyfs
