#include "fs/commands/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/base/readable_size.h"

namespace npyfs {
namespace {

constexpr auto kInterval = std::chrono::milliseconds(100);
constexpr std::size_t kUsualWidth = 80;  // columns
constexpr std::size_t kMostBar = 40;
constexpr std::size_t kLeastBar = 4;
constexpr const char* kWipe = "\r\x1B[K";  // returns to the start of the line and erases it

void show(std::string_view text) {
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

std::size_t terminal_width() {
  winsize size = {};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1u : kUsualWidth - 1;
}

std::string amount(std::uint64_t number, ProgressUnit unit) {
  return unit == ProgressUnit::kBytes ? readable_size(number) : fmt::format("{}", number);
}

}  // namespace

Progress::Progress(std::string what, std::uint64_t total, ProgressUnit unit)
    : what_(std::move(what)), total_(total), unit_(unit), is_terminal_(::isatty(STDERR_FILENO) == 1) {
  reached(0);
}

Progress::~Progress() {
  if (drawn_) show(kWipe);
}

void Progress::reached(std::uint64_t done) {
  if (!is_terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (drawn_ && now - drawn_at_ < kInterval) return;
  drawn_ = true;
  drawn_at_ = now;
  show(kWipe + progress_line(what_, done, total_, unit_, terminal_width()));
}

std::string progress_line(std::string_view what, std::uint64_t done, std::uint64_t total, ProgressUnit unit,
                          std::size_t width) {
  const char* noun = unit == ProgressUnit::kFiles ? " files" : "";
  if (total == 0) return fmt::format("{} {}{}", what, amount(done, unit), noun).substr(0, width);
  const double part = static_cast<double>(std::min(done, total)) / static_cast<double>(total);
  const std::string numbers =
      fmt::format("{:3.0f}% {} of {}{}", part * 100, amount(done, unit), amount(total, unit), noun);
  const std::size_t taken = what.size() + numbers.size() + 4;  // blanks and brackets
  const std::size_t bar = std::min(kMostBar, width - std::min(width, taken));
  if (bar < kLeastBar) return fmt::format("{} {}", what, numbers).substr(0, width);
  const auto full = static_cast<std::size_t>(part * static_cast<double>(bar));
  return fmt::format("{} [{:<{}}] {}", what, std::string(full, '#'), bar, numbers);
}

}  // namespace npyfs
