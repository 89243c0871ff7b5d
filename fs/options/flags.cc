#include "fs/options/flags.h"

#include <getopt.h>

#include <charconv>

namespace npyfs {
namespace {

constexpr int kFirstFlag = 256;  // above every character, which getopt_long returns for short options

std::unexpected<Error> refuse(const char* argument, const char* sentence) {
  return std::unexpected(Error{ErrorKind::kInvalidArgument, argument, sentence});
}

}  // namespace

Result<Flags> parse_flags(int argc, char* argv[], std::span<const Flag> known) {
  std::vector<option> table;
  for (std::size_t i = 0; i < known.size(); ++i) {
    const int argument = known[i].takes_value ? required_argument : no_argument;
    table.push_back({known[i].name, argument, nullptr, kFirstFlag + static_cast<int>(i)});
  }
  table.push_back({});
  Flags flags;
  optind = 0;  // starts anew, and tells glibc to forget what it knows of an earlier argv
  // ':' first: say by the result what is wrong, and print nothing.
  for (int found; (found = ::getopt_long(argc, argv, ":", table.data(), nullptr)) != -1;) {
    if (found == ':') return refuse(argv[optind - 1], "needs a value behind it");
    if (found == '?') return refuse(argv[optind - 1], "is no option here, or takes no value");
    flags.values[known[static_cast<std::size_t>(found - kFirstFlag)].name] = optarg == nullptr ? "" : optarg;
  }
  flags.positional.assign(argv + optind, argv + argc);
  return flags;
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace npyfs
