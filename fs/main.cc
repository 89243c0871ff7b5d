// Exit status: 0 served and unmounted, 1 mounting or serving failed, 2 the command line is wrong.
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "fs/options.h"
#include "fs/session.h"

namespace {

constexpr int kFailed = 1;
constexpr int kUsageError = 2;

int run(int argc, char* argv[]) {
  const auto options = npyfs::parse_options(argc, argv);
  if (!options) {
    fmt::print(stderr, "npyfs: {}\nTry 'npyfs --help'.\n", npyfs::to_message(options.error()));
    return kUsageError;
  }
  if (options->help) {
    fmt::print("{}", npyfs::usage());
    return 0;
  }
  if (options->version) {
    fmt::print("npyfs {}\n", NPYFS_VERSION);
    return 0;
  }
  const auto served = npyfs::serve(*options);
  if (served) return 0;
  npyfs::log(npyfs::LogLevel::kError, "{}", npyfs::to_message(served.error()));
  return served.error().kind == npyfs::ErrorKind::kInvalidArgument ? kUsageError : kFailed;
}

}  // namespace

int main(int argc, char* argv[]) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "npyfs: {}\n", error.what());
    return kFailed;
  }
}
