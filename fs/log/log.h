// The daemon's log: stderr in the foreground, syslog otherwise. One line an event.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <utility>

namespace npyfs {

// What a line is worth: something does not work; something went wrong for a reader; something is not as one might
// think; the course of things; what was asked for and does not exist.
enum class LogLevel { kError, kWarning, kNotice, kInfo, kDebug };

std::optional<LogLevel> log_level_named(std::string_view name);
std::string_view log_level_name(LogLevel level);

// Chooses where lines go and which are left out. Before the first call they go to stderr, from kNotice on. To be called
// before there are threads.
void open_log(bool use_syslog, LogLevel least);

// Writes one line. `line` holds no text from outside that is not escaped (see core/escape.h). Allocates nothing, since
// memory may be what there is too little of. Thread-safe.
void log_line(LogLevel level, std::string_view line) noexcept;

// The same for what may come thousands of times: one line a minute about each `thing`, and a hundred a minute about all
// things of its level; the next one says how many were left out. Where memory is short it does not. Thread-safe.
void log_repeated(LogLevel level, std::string_view thing, std::string_view line) noexcept;

template <typename... Arguments>
void log(LogLevel level, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  log_line(level, fmt::format(format, std::forward<Arguments>(arguments)...));
}

}  // namespace npyfs
