#include "fs/log.h"

#include <syslog.h>
#include <unistd.h>

#include <array>

namespace npyfs {
namespace {

struct LevelName {
  std::string_view name;
  int priority;  // syslog(3)
};
constexpr std::array<LevelName, 5> kLevels = {
    {{"error", LOG_ERR}, {"warning", LOG_WARNING}, {"notice", LOG_NOTICE}, {"info", LOG_INFO}, {"debug", LOG_DEBUG}}};

bool to_syslog = false;
LogLevel least_level = LogLevel::kNotice;

}  // namespace

std::optional<LogLevel> log_level_named(std::string_view name) {
  for (std::size_t i = 0; i < kLevels.size(); ++i) {
    if (kLevels[i].name == name) return static_cast<LogLevel>(i);
  }
  return std::nullopt;
}

void open_log(bool use_syslog, LogLevel least) {
  to_syslog = use_syslog;
  least_level = least;
  if (to_syslog) ::openlog("npyfs", LOG_PID, LOG_DAEMON);
}

void log_line(LogLevel level, std::string_view line) {
  if (level > least_level) return;
  const LevelName& described = kLevels[static_cast<std::size_t>(level)];
  if (to_syslog) {
    ::syslog(described.priority, "%.*s", static_cast<int>(line.size()), line.data());
    return;
  }
  // One write, so that lines of several threads do not mix.
  const std::string text = fmt::format("npyfs: {}: {}\n", described.name, line);
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace npyfs
