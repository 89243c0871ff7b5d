// The program: runs the command that the command line names, or mounts. Exit status: ExitStatus.
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "fs/commands/command.h"
#include "fs/daemon/inherited_descriptors.h"
#include "fs/daemon/session.h"
#include "fs/options/options.h"
#include "fs/options/usage.h"

namespace {

using npyfs::ExitStatus;

ExitStatus explain_failure(const npyfs::Error& error) {
  fmt::print(stderr, "npyfs: {}\n", npyfs::to_message(error));
  return ExitStatus::kFailed;
}

ExitStatus explain_usage(const npyfs::Error& error) {
  fmt::print(stderr, "npyfs: {}\nTry 'npyfs --help'.\n", npyfs::to_message(error));
  return ExitStatus::kUsage;
}

ExitStatus mount(int argc, char* argv[]) {
  const auto options = npyfs::parse_options(argc, argv);
  if (!options) return explain_usage(options.error());
  if (options->help) {
    fmt::print("{}", npyfs::usage());
    return ExitStatus::kFine;
  }
  if (options->version) {
    fmt::print("npyfs {}\n", NPYFS_VERSION);
    return ExitStatus::kFine;
  }
  const auto served = npyfs::serve(*options);
  if (served) return ExitStatus::kFine;
  npyfs::log(npyfs::LogLevel::kError, "{}", npyfs::to_message(served.error()));
  return served.error().kind == npyfs::ErrorKind::kInvalidArgument ? ExitStatus::kUsage : ExitStatus::kFailed;
}

ExitStatus run(int argc, char* argv[]) {
  if (const auto opened = npyfs::open_missing_standard_descriptors(); !opened) return explain_failure(opened.error());
  const auto command = npyfs::command_named_in(argc, argv);
  if (command == nullptr) return mount(argc, argv);
  const auto status = command(argc, argv);
  if (status) return *status;
  const bool is_wrong_use = status.error().kind == npyfs::ErrorKind::kInvalidArgument;
  return is_wrong_use ? explain_usage(status.error()) : explain_failure(status.error());
}

}  // namespace

int main(int argc, char* argv[]) {
  try {
    return static_cast<int>(run(argc, argv));
  } catch (const std::exception& error) {
    fmt::print(stderr, "npyfs: {}\n", error.what());
    return static_cast<int>(ExitStatus::kFailed);
  }
}
