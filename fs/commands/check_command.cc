#include "fs/commands/check_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <string>
#include <utility>

#include "core/commands/check_dataset.h"
#include "fs/commands/check_report.h"
#include "fs/commands/progress.h"
#include "fs/options/error_hints.h"
#include "fs/options/flags.h"
#include "fs/options/source_options.h"
#include "fs/options/wrong_use.h"

namespace npyfs {
namespace {

constexpr Flag kFlags[] = {{"check", false}, {"json", false}, {"joined", false}, {"o"}};

// `are_joined`: the files of each directory are checked as one array.
CheckReport examine(const SourceRoot& root, const ArraySuffixes& suffixes, bool are_joined) {
  FoundArrays found;
  {
    Progress searching("looking for arrays:", 0, ProgressUnit::kFiles);
    found = find_arrays(root, [&](std::uint64_t count) { searching.reached(count); }, suffixes);
  }
  CheckReport report{.source = root.absolute(""),
                     .arrays = {},
                     .links = std::move(found.links),
                     .unreadable = std::move(found.unreadable),
                     .archives = {}};
  const auto paths = are_joined ? joined_directories(root, found.paths) : std::move(found.paths);
  report.arrays.reserve(paths.size());
  Progress checking("checking", paths.size(), ProgressUnit::kFiles);
  std::uint64_t done = 0;
  for (const auto& path : paths) {
    if (are_joined) {
      report.arrays.push_back(check_joined(root, path));
    } else if (is_archive_name(path, S_IFREG)) {
      CheckedArchive archive = check_archive(root, path, suffixes);
      std::ranges::move(archive.members, std::back_inserter(report.arrays));
      archive.members.clear();
      report.archives.push_back(std::move(archive));
    } else {
      report.arrays.push_back(check_array(root, path));
    }
    checking.reached(++done);
  }
  return report;
}

Result<void> print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return {};
  return std::unexpected(system_error("standard output", "write", errno));
}

}  // namespace

Result<ExitStatus> run_check(int argc, char* argv[]) {
  const auto flags = parse_flags(argc, argv, kFlags);
  if (!flags) return std::unexpected(flags.error());
  if (flags->positional.size() != 1) {
    return wrong_use(
        "--check",
        fmt::format(
            "takes one SOURCE, and got {}: npyfs --check SOURCE [--json] [--joined] [-o follow_symlinks,suffix=.cs]",
            flags->positional.size()));
  }
  const auto options = source_options("--check", flags->options);
  if (!options) return std::unexpected(options.error());
  const auto root = SourceRoot::open(flags->positional.front(), options->symlinks, Users::kOwner);
  if (!root) return std::unexpected(with_advice_on_source(root.error()));
  const CheckReport report = examine(*root, options->suffixes, flags->has("joined"));
  const bool wants_json = flags->has("json");
  const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
  const auto printed = print(wants_json ? check_json(report) : is_terminal ? check_table(report) : check_lines(report));
  if (!printed) return std::unexpected(printed.error());
  if (!wants_json) fmt::print(stderr, "{}", check_summary(report));
  return report.is_fine() ? ExitStatus::kFine : ExitStatus::kDamageFound;
}

}  // namespace npyfs
