#include "fs/options/source_options.h"

#include <fuse_opt.h>

#include <optional>
#include <string_view>
#include <utility>

#include "fs/options/mount_options.h"
#include "fs/options/wrong_use.h"

namespace npyfs {
namespace {

struct Reading {
  const std::string& command;
  MountArguments arguments;
  std::optional<Error> first_error;
};

Result<void> take(Reading& reading, const std::string& option) {
  if (option == "follow_symlinks" || option.starts_with("suffix=")) return take_mount_option(option, reading.arguments);
  return wrong_use(option, "is no option of " + reading.command + ": it takes -o follow_symlinks and -o suffix=SUFFIX");
}

// Called by libfuse's parser for each option of the list, with escapes resolved.
int take_option(void* data, const char* option, int, fuse_args*) {
  auto& reading = *static_cast<Reading*>(data);
  const auto taken = take(reading, option);
  if (!taken && !reading.first_error) reading.first_error = taken.error();
  return 0;
}

}  // namespace

Result<Options> source_options(const std::string& command, const std::vector<std::string>& values) {
  Reading reading{command, {}, {}};
  for (const auto& value : values) {
    std::string name = "npyfs";
    std::string dash = "-o";
    std::string list = value;
    char* words[] = {name.data(), dash.data(), list.data()};
    fuse_args arguments = FUSE_ARGS_INIT(3, words);
    const int parsed = fuse_opt_parse(&arguments, &reading, nullptr, take_option);
    fuse_opt_free_args(&arguments);
    if (parsed != 0) return wrong_use("-o", "its list of options cannot be read");
  }
  if (reading.first_error) return std::unexpected(*reading.first_error);
  return std::move(reading.arguments.options);
}

}  // namespace npyfs
