#include "fs/serve/guarded_operation.h"

#include <string>
#include <string_view>

#include "core/base/escape.h"
#include "fs/kernel/current_request.h"
#include "fs/log/log.h"
#include "fs/serve/mount_state.h"

namespace npyfs {
namespace {

void log_failure(const char* what) noexcept {
  std::string line;
  call_guarded([&] { line = fmt::format("a request failed: {}", escaped(what)); },
               [&](int, const char*) { line.clear(); });  // out of memory: log without the reason
  const std::string_view without_reason = "a request failed: out of memory";
  log_repeated(LogLevel::kError, what, line.empty() ? without_reason : line);
}

}  // namespace

void fail_request(fuse_req_t request, int error, const char* what) noexcept {
  if (!current_request().is_answered) {  // else libfuse has freed `request`
    ++mount_of(request).counters.errors;
    fuse_reply_err(request, error);
  }
  log_failure(what);
}

void fail_forget(fuse_req_t request, const char* what) noexcept {
  fuse_reply_none(request);
  log_failure(what);
}

void fail_init(const char* what) noexcept {
  log_failure(what);
}

}  // namespace npyfs
