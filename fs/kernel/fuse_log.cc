#include "fs/kernel/fuse_log.h"

#include <fuse_log.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <string_view>

#include "core/base/escape.h"
#include "fs/kernel/exception_guard.h"
#include "fs/log/log.h"

namespace npyfs {
namespace {

LogLevel level_of(fuse_log_level level) {
  if (level <= FUSE_LOG_ERR) return LogLevel::kError;
  if (level == FUSE_LOG_WARNING) return LogLevel::kWarning;
  if (level == FUSE_LOG_NOTICE) return LogLevel::kNotice;
  return level == FUSE_LOG_INFO ? LogLevel::kInfo : LogLevel::kDebug;
}

// A message of more than 1,023 bytes is cut; libfuse has none.
void log_message(fuse_log_level level, const char* format, va_list arguments) {
  std::array<char, 1024> text;
  if (std::vsnprintf(text.data(), text.size(), format, arguments) < 0) return;
  std::string_view message(text.data());
  if (message.ends_with('\n')) message.remove_suffix(1);
  call_guarded([&] { log_repeated(level_of(level), message, escaped(message)); },
               [](int, const char*) { log_line(LogLevel::kError, "out of memory: a message of libfuse is left out"); });
}

}  // namespace

void take_fuse_log() {
  ::fuse_set_log_func(&log_message);
}

}  // namespace npyfs
