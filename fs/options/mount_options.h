// The options of a mount. A new option is one row of the table in mount_options.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fs/options/options.h"

namespace npyfs {

// The state while a command line is read.
struct MountArguments {
  Options options;
  bool debug = false;         // libfuse prints each request
  bool direct_io = false;     // excludes kernel_cache
  bool kernel_cache = false;  // excludes direct_io
  bool timeouts = false;      // of the kernel's caches; excludes immutable
  bool allow_other = false;
  bool allow_root = false;
  std::optional<std::string> fsname;
  std::vector<std::string> passed_on;  // to libfuse as they are
};

// Takes one option as libfuse's parser delivers it, with escapes resolved: "chunks=3", "ro", "-f". Where an option is
// repeated, or contradicts an earlier one, the last one counts; those of "suffix" add up. kInvalidArgument where npyfs
// does not know the option, where a value is missing or not expected, and where the value is wrong.
Result<void> take_mount_option(const std::string& option, MountArguments& arguments);

// The names of all options that --help and the other documents show: "chunks", "-f". Options that npyfs accepts only
// for compatibility with mount(8) and other FUSE filesystems are left out.
std::vector<std::string_view> documented_mount_options();

}  // namespace npyfs
