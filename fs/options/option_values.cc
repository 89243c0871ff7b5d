#include "fs/options/option_values.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "core/base/escape.h"
#include "fs/options/wrong_use.h"

namespace npyfs {

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<std::uint64_t> count_of(const std::string& option, std::string_view text, std::uint64_t most) {
  const auto count = whole_number(text);
  if (count && *count >= 1 && *count <= most) return *count;
  return wrong_use(option, fmt::format("'{}' is no whole number from 1 to {}", escaped(text), most));
}

Result<double> seconds_of(const std::string& option, const std::string& text) {
  char* end = nullptr;
  const double seconds = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || *end != '\0' || !std::isfinite(seconds) || seconds < 0) {
    return wrong_use(option, fmt::format("'{}' is no number of seconds", escaped(text)));
  }
  return seconds;
}

Result<SourceIo> source_io_of(const std::string& option, std::string_view text) {
  if (text == "auto") return SourceIo::kAuto;
  if (text == "mmap") return SourceIo::kMmap;
  if (text == "pread") return SourceIo::kPread;
  return wrong_use(option, fmt::format("'{}' is none of auto, mmap, pread", escaped(text)));
}

Result<LogLevel> log_level_of(const std::string& option, std::string_view text) {
  if (const auto level = log_level_named(text)) return *level;
  return wrong_use(option, fmt::format("'{}' is none of error, warning, notice, info, debug", escaped(text)));
}

}  // namespace npyfs
