#include "fs/commands/export_command.h"

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <string>

#include "core/base/escape.h"
#include "core/commands/array_export.h"
#include "fs/commands/interruption.h"
#include "fs/commands/progress.h"
#include "fs/options/command_line.h"
#include "fs/options/error_hints.h"
#include "fs/options/flags.h"
#include "fs/options/option_values.h"
#include "fs/options/source_options.h"
#include "fs/options/wrong_use.h"

namespace npyfs {
namespace {

constexpr Flag kFlags[] = {{"export", false}, {"chunks"}, {"axis"}, {"o"}};

struct Request {
  std::string array;
  std::string out;
  std::uint64_t axis = 0;
  std::uint64_t chunks = 0;  // 0: not given
};

Result<Request> request_of(const Flags& flags) {
  if (flags.positional.size() != 2) {
    return wrong_use(
        "--export",
        "needs one array, or a directory below it, and one new directory: npyfs --export data.npy/chunks/16 "
        "out, or data.npy --chunks 16 out");
  }
  if (flags.has("axis") && !flags.has("chunks")) return wrong_use("--axis", "is an axis of --chunks, which is missing");
  Request request{.array = flags.positional.front(), .out = flags.positional.back()};
  if (!flags.has("chunks")) return request;
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  const auto chunks = count_of("--chunks", flags.values.at("chunks"), kMost);
  if (!chunks) return std::unexpected(chunks.error());
  request.chunks = *chunks;
  if (!flags.has("axis")) return request;
  const auto axis = whole_number(flags.values.at("axis"));
  if (!axis) return wrong_use("--axis", fmt::format("'{}' is no whole number", escaped(flags.values.at("axis"))));
  request.axis = *axis;
  return request;
}

}  // namespace

Result<ExitStatus> run_export(int argc, char* argv[]) {
  const auto flags = parse_flags(argc, argv, kFlags);
  if (!flags) return std::unexpected(flags.error());
  if (auto options = source_options("--export", flags->options); !options) return std::unexpected(options.error());
  const auto request = request_of(*flags);
  if (!request) return std::unexpected(request.error());
  const auto exported = request->chunks == 0 ? ArrayExport::open(request->array, default_chunks())
                                             : ArrayExport::open_chunks(request->array, request->axis, request->chunks);
  if (!exported) return std::unexpected(exported.error());
  const auto size = exported->size();
  if (!size) return std::unexpected(size.error());
  const Interruption interruption;
  Progress progress("exporting", *size, ProgressUnit::kBytes);
  std::uint64_t done = 0;
  const auto written = exported->write(request->out, [&](std::uint64_t bytes) {
    progress.reached(done += bytes);
    return !Interruption::has_come();
  });
  if (!written) return std::unexpected(with_advice_on_output(written.error()));
  return ExitStatus::kFine;
}

}  // namespace npyfs
