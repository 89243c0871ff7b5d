#include "fs/kernel/exception_guard.h"

#include <string>
#include <string_view>
#include <utility>

#include "core/base/escape.h"
#include "fs/log/log.h"
#include "fs/serve/mount_state.h"

namespace npyfs {
namespace {

// Whether the request that this thread works at has been answered.
thread_local bool is_answered = false;
thread_local int last_failure = 0;

void log_failure(const char* what) noexcept {
  std::string line;
  call_guarded([&] { line = fmt::format("a request failed: {}", escaped(what)); },
               [&](int, const char*) { line.clear(); });  // and what there is no memory for is not said
  const std::string_view without_reason = "a request failed: out of memory";
  log_repeated(LogLevel::kError, what, line.empty() ? without_reason : line);
}

}  // namespace

void note_reply(int failure) noexcept {
  is_answered = true;
  last_failure = failure;
}

int reply_failure() noexcept {
  return last_failure;
}

RequestScope::RequestScope() noexcept : outer_is_answered_(std::exchange(is_answered, false)) {}

RequestScope::~RequestScope() {
  is_answered = outer_is_answered_;
}

void fail_request(fuse_req_t request, int error, const char* what) noexcept {
  if (is_answered) {  // and `request` is gone
    log_failure(what);
    return;
  }
  ++static_cast<MountState&>(*static_cast<FuseChannel*>(fuse_req_userdata(request))).metrics.errors;
  fuse_reply_err(request, error);
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
