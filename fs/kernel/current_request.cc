#include "fs/kernel/current_request.h"

#include <utility>

namespace npyfs {
namespace {

thread_local constinit CurrentRequest current;

}  // namespace

CurrentRequest& current_request() noexcept {
  return current;
}

void begin_request(const fuse_in_header& request) noexcept {
  current = {.unique = request.unique, .opcode = request.opcode, .arrival = std::chrono::steady_clock::now()};
}

void note_reply(std::uint64_t unique, int error) noexcept {
  if (unique == 0 || unique != current.unique) return;  // a notice, or the reply to another request
  current.is_answered = true;
  current.reply_error = error;
}

ResumedRequest::ResumedRequest(const CurrentRequest& request) noexcept : own_(std::exchange(current, request)) {}

ResumedRequest::~ResumedRequest() {
  current = own_;
}

}  // namespace npyfs
