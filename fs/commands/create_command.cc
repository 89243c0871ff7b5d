#include "fs/commands/create_command.h"

#include <fmt/format.h>

#include <string>

#include "core/base/escape.h"
#include "core/commands/create_array.h"
#include "fs/options/error_hints.h"
#include "fs/options/flags.h"
#include "fs/options/option_values.h"
#include "fs/options/wrong_use.h"

namespace npyfs {
namespace {

constexpr Flag kFlags[] = {{"create", false}, {"dtype"}, {"shape"}, {"fortran-order", false}};

}  // namespace

Result<std::vector<std::uint64_t>> parse_lengths(std::string_view text) {
  std::vector<std::uint64_t> lengths;
  for (std::string_view rest = text;;) {
    const std::size_t comma = rest.find(',');
    const auto length = whole_number(rest.substr(0, comma));
    if (!length) {
      return wrong_use("--shape",
                       fmt::format("'{}' is no list of whole numbers below 2^63, such as 100000,128", escaped(text)));
    }
    lengths.push_back(*length);
    if (comma == std::string_view::npos) return lengths;
    rest.remove_prefix(comma + 1);
  }
}

Result<ExitStatus> run_create(int argc, char* argv[]) {
  const auto flags = parse_flags(argc, argv, kFlags);
  if (!flags) return std::unexpected(flags.error());
  if (flags->positional.size() != 1 || !flags->has("dtype") || !flags->has("shape")) {
    return wrong_use(
        "--create", "needs one new file, a dtype and a shape: npyfs --create out.npy --dtype '<f4' --shape 100000,128");
  }
  const auto shape = parse_lengths(flags->values.at("shape"));
  if (!shape) return std::unexpected(shape.error());
  const auto created =
      create_array(flags->positional.front(), flags->values.at("dtype"), flags->has("fortran-order"), *shape);
  if (!created) return std::unexpected(with_advice_on_output(created.error()));
  return ExitStatus::kFine;
}

}  // namespace npyfs
