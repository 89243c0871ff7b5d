// npyfs --create FILE.npy --dtype DTYPE --shape N[,N...] [--fortran-order]
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "fs/options/exit_status.h"

namespace npyfs {

// Writes an array of zeros for others to fill: see core/commands/create_array.h.
Result<ExitStatus> run_create(int argc, char* argv[]);

// Parses whole numbers separated by commas, such as "100000,128". kInvalidArgument for anything else.
Result<std::vector<std::uint64_t>> parse_lengths(std::string_view text);

}  // namespace npyfs
