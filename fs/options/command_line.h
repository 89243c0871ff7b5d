// The command line of a mount, parsed.
#pragma once

#include <cstdint>

#include "core/base/error.h"
#include "fs/options/options.h"

namespace npyfs {

// How many chunks chunks/ lists unless an option says so: the CPUs that npyfs may run on.
std::uint64_t default_chunks();

// Parses the command line of a mount; argv[0] is the program's name. Reading is done by libfuse's parser alone, so that
// npyfs and libfuse agree about escapes, order and repetition. kInvalidArgument with a sentence for the user where
// anything is wrong: nothing has happened yet then. With --help and --version nothing else is looked at.
Result<Options> parse_options(int argc, char* argv[]);

}  // namespace npyfs
