#include "fs/log/log.h"

#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <functional>
#include <string>

#include "fs/log/repeat_filter.h"

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
RepeatFilter repeats(std::chrono::minutes(1), 1);
RepeatFilter all_repeats(std::chrono::minutes(1), 100);  // about all things: one reader may meet many bad files

}  // namespace

std::optional<LogLevel> log_level_named(std::string_view name) {
  for (std::size_t i = 0; i < kLevels.size(); ++i) {
    if (kLevels[i].name == name) return static_cast<LogLevel>(i);
  }
  return std::nullopt;
}

std::string_view log_level_name(LogLevel level) {
  return kLevels[static_cast<std::size_t>(level)].name;
}

void open_log(bool use_syslog, LogLevel least) {
  to_syslog = use_syslog;
  least_level = least;
  repeats.clear();  // the new log has none of the lines that the old one has
  all_repeats.clear();
  if (to_syslog) ::openlog("npyfs", LOG_PID, LOG_DAEMON);
}

void log_line(LogLevel level, std::string_view line) noexcept {
  if (level > least_level) return;
  const LevelName& described = kLevels[static_cast<std::size_t>(level)];
  if (to_syslog) {
    ::syslog(described.priority, "%.*s", static_cast<int>(line.size()), line.data());
    return;
  }
  // A single write, so that lines of several threads do not mix.
  const std::array<std::string_view, 5> words = {"npyfs: ", described.name, ": ", line, "\n"};
  std::array<iovec, words.size()> pieces;
  std::ranges::transform(words, pieces.begin(),
                         [](std::string_view word) { return iovec{const_cast<char*>(word.data()), word.size()}; });
  [[maybe_unused]] const ssize_t written = ::writev(STDERR_FILENO, pieces.data(), static_cast<int>(pieces.size()));
}

void log_repeated(LogLevel level, std::string_view thing, std::string_view line) noexcept {
  if (level > least_level) return;
  const auto now = RepeatFilter::Clock::now();
  const auto hash = std::hash<std::string_view>()(thing);
  const auto left_out = repeats.pass(hash, now);
  if (!left_out) return;
  // Counted by level, so that no number of warnings hides an error.
  const auto others_left_out = all_repeats.pass(static_cast<std::uint64_t>(level), now);
  if (!others_left_out) return repeats.take_back(hash, *left_out);
  std::string more;
  try {
    if (*left_out != 0 || *others_left_out != 0) more = line;
    if (*left_out != 0) more += fmt::format(" ({} more since the last line about it)", *left_out);
    if (*others_left_out != 0) more += fmt::format(" ({} other lines were left out)", *others_left_out);
  } catch (const std::exception&) {
    more.clear();  // out of memory: log without the counts
  }
  log_line(level, more.empty() ? line : std::string_view(more));
}

}  // namespace npyfs
