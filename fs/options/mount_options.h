// Every option of a mount, in one table: each is one row of mount_options.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fs/options/options.h"

namespace npyfs {

// What has been read of a command line so far.
struct MountArguments {
  Options options;
  bool debug = false;         // libfuse prints each request
  bool direct_io = false;     // excludes kernel_cache
  bool kernel_cache = false;  // excludes direct_io
  bool allow_other = false;
  bool allow_root = false;
  std::optional<std::string> fsname;
  std::vector<std::string> passed_on;  // to libfuse as they are
};

// Takes one option as libfuse's parser has it, without its escapes: "chunks=3", "ro", "-f". Of options that contradict
// each other, and of repeated ones, the last one counts. kInvalidArgument where npyfs does not know the option, or does
// not know it with (or without) a value, or cannot use its value.
Result<void> take_mount_option(const std::string& option, MountArguments& arguments);

// The names that --help shows, and all documents: "chunks", "-f". Those that are taken for the sake of mount(8) and of
// other FUSE filesystems alone are left out.
std::vector<std::string_view> documented_mount_options();

}  // namespace npyfs
