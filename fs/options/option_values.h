// Values of options: text into numbers and choices, or an error that names the option and what it takes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/source/source_file.h"
#include "fs/log/log.h"

namespace npyfs {

// A decimal number without sign, blank or anything else around it; empty where `text` is none or beyond 2^64 - 1.
std::optional<std::uint64_t> whole_number(std::string_view text);

// All of these: kInvalidArgument with the subject `option` where `text` is no such value.

// A whole number from 1 to `most`.
Result<std::uint64_t> count_of(const std::string& option, std::string_view text, std::uint64_t most);
// A finite number of seconds from 0 on, which may have a fraction.
Result<double> seconds_of(const std::string& option, const std::string& text);
Result<SourceIo> source_io_of(const std::string& option, std::string_view text);
Result<LogLevel> log_level_of(const std::string& option, std::string_view text);

}  // namespace npyfs
