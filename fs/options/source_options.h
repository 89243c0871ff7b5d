// The options of a mount that say what is in the source, for the commands that do not mount.
#pragma once

#include <string>
#include <vector>

#include "core/base/error.h"
#include "fs/options/options.h"

namespace npyfs {

// Takes the values of all -o of a command: "follow_symlinks", "suffix=.cs,suffix=.dat". Reads them as those of a mount
// are read. Sets Options::symlinks and Options::suffixes alone. kInvalidArgument for an option that `command` does
// not take, and for a wrong value.
Result<Options> source_options(const std::string& command, const std::vector<std::string>& values);

}  // namespace npyfs
