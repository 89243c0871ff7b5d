// The request that a thread works at.
//
// libfuse calls npyfs three times for one request: to read it, to carry it out, and to write the reply. Nothing of ours
// goes along from one call to the next: fuse_req_t is opaque, and the error that our writev returns reaches the caller
// of fuse_reply_*() only after libfuse has printed it, but for ENOENT. All three calls are made by one thread, one
// after the other. So what is known of a request is kept per thread.
#pragma once

#include <linux/fuse.h>

#include <chrono>
#include <cstdint>

namespace npyfs {

struct CurrentRequest {
  std::uint64_t unique = 0;  // the request's number in the FUSE protocol; 0: this thread has read none yet
  std::uint32_t opcode = 0;
  std::chrono::steady_clock::time_point arrival;
  bool is_answered = false;  // a reply was written, or could not be
  int reply_error = 0;       // the errno with which writing the reply failed; 0 if it did not
};

// That of the calling thread.
CurrentRequest& current_request() noexcept;

// The calling thread has read this request, and works at it from now on.
void begin_request(const fuse_in_header& request) noexcept;

// The calling thread has written the reply to the request `unique`, or failed to, with the errno `error`.
void note_reply(std::uint64_t unique, int error) noexcept;

// While it lives, the calling thread works at a request that was left unanswered before; then again at its own.
class ResumedRequest {
 public:
  // `request` is a copy of current_request() from when that request was left.
  explicit ResumedRequest(const CurrentRequest& request) noexcept;
  ResumedRequest(const ResumedRequest&) = delete;
  ResumedRequest& operator=(const ResumedRequest&) = delete;
  ~ResumedRequest();

 private:
  const CurrentRequest own_;
};

}  // namespace npyfs
