#include "fs/options/flags.h"

#include <getopt.h>

#include <string_view>

#include "fs/options/wrong_use.h"

namespace npyfs {
namespace {

constexpr int kFirstFlag = 256;  // above all characters: getopt_long returns a character for a short option

}  // namespace

Result<Flags> parse_flags(int argc, char* argv[], std::span<const Flag> known) {
  std::vector<option> table;
  // A leading ':' makes getopt_long print nothing and return ':' for a missing value.
  const char* short_options = ":";
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (known[i].name == std::string_view("o")) short_options = ":o:";
    const int argument = known[i].takes_value ? required_argument : no_argument;
    table.push_back({known[i].name, argument, nullptr, kFirstFlag + static_cast<int>(i)});
  }
  table.push_back({});
  Flags flags;
  optind = 0;  // makes glibc reset the state that it kept for an earlier argv
  for (int found; (found = ::getopt_long(argc, argv, short_options, table.data(), nullptr)) != -1;) {
    if (found == ':') return wrong_use(argv[optind - 1], "needs a value behind it");
    if (found == '?') return wrong_use(argv[optind - 1], "is no option here, or takes no value");
    if (found == 'o') {
      flags.options.emplace_back(optarg);
      continue;
    }
    flags.values[known[static_cast<std::size_t>(found - kFirstFlag)].name] = optarg == nullptr ? "" : optarg;
  }
  flags.positional.assign(argv + optind, argv + argc);
  return flags;
}

}  // namespace npyfs
