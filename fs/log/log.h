// The daemon's log: stderr in the foreground, syslog otherwise. One line an event.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <utility>

namespace npyfs {

enum class LogLevel {
  kError,    // something does not work
  kWarning,  // something went wrong for a reader
  kNotice,   // something is not as a user might expect
  kInfo,     // the mount begins, ends, ...
  kDebug,    // a name that was asked for does not exist
};

std::optional<LogLevel> log_level_named(std::string_view name);
std::string_view log_level_name(LogLevel level);

// Chooses where lines go, and the least important level that is logged. Before the first call, lines of kNotice and
// above go to stderr. To be called before other threads log.
void open_log(bool use_syslog, LogLevel least);

// Writes one line. Text from outside must be escaped in it (core/base/escape.h). Allocates nothing, so that it works
// when memory is short. Thread-safe.
void log_line(LogLevel level, std::string_view line) noexcept;

// The same for an event that may happen thousands of times: one line a minute about each `thing`, and at most a hundred
// such lines a minute of each level. The next line says how many were left out, unless memory is short. Thread-safe.
void log_repeated(LogLevel level, std::string_view thing, std::string_view line) noexcept;

template <typename... Arguments>
void log(LogLevel level, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  log_line(level, fmt::format(format, std::forward<Arguments>(arguments)...));
}

}  // namespace npyfs
