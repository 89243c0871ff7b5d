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

// The decimal number that `text` is, without a sign, blanks or anything else around it. Empty where `text` is no such
// number, or one above 2^64 - 1.
std::optional<std::uint64_t> whole_number(std::string_view text);

// The functions below return kInvalidArgument with the subject `option` where `text` is not such a value.

// A whole number from 1 to `most`.
Result<std::uint64_t> count_of(const std::string& option, std::string_view text, std::uint64_t most);
// A finite number of seconds, 0 or more, fractions allowed.
Result<double> seconds_of(const std::string& option, const std::string& text);
// "auto", "mmap" or "pread".
Result<SourceIo> source_io_of(const std::string& option, std::string_view text);
// "error", "warning", "notice", "info" or "debug".
Result<LogLevel> log_level_of(const std::string& option, std::string_view text);

}  // namespace npyfs
