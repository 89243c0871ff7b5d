// The program: runs the command that the command line names, or mounts. Exit status: see exit_status.h.
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "fs/commands/command.h"
#include "fs/daemon/inherited_descriptors.h"
#include "fs/daemon/run_command.h"
#include "fs/daemon/session.h"
#include "fs/options/command_line.h"
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

int mount(int argc, char* argv[]) {
  const auto options = npyfs::parse_options(argc, argv);
  if (!options) return static_cast<int>(explain_usage(options.error()));
  if (options->help) {
    fmt::print("{}", npyfs::usage());
    return static_cast<int>(ExitStatus::kFine);
  }
  if (options->version) {
    fmt::print("npyfs {}\n", NPYFS_VERSION);
    return static_cast<int>(ExitStatus::kFine);
  }
  if (!options->command.empty()) return npyfs::run_command(*options);
  return static_cast<int>(npyfs::explain_serving(npyfs::serve(*options)));
}

ExitStatus explain_failed_command(const npyfs::Error& error) {
  return error.kind == npyfs::ErrorKind::kInvalidArgument ? explain_usage(error) : explain_failure(error);
}

int run(int argc, char* argv[]) {
  if (const auto opened = npyfs::open_missing_standard_descriptors(); !opened) {
    return static_cast<int>(explain_failure(opened.error()));
  }
  const auto command = npyfs::command_named_in(argc, argv);
  if (command == nullptr) return mount(argc, argv);
  const auto status = command(argc, argv);
  return static_cast<int>(status ? *status : explain_failed_command(status.error()));
}

}  // namespace

int main(int argc, char* argv[]) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "npyfs: {}\n", error.what());
    return static_cast<int>(ExitStatus::kFailed);
  }
}
