// Operations that may throw, made fit for libfuse: an exception becomes an error reply and a line of the log.
#pragma once

#include <fuse_lowlevel.h>

#include "fs/kernel/exception_guard.h"

namespace npyfs {

// To be called for an operation that threw: logs the reason, and answers the request with `error`, unless it was
// answered before. The request must be the one that this thread works at (CurrentRequest). None of these throws.
void fail_request(fuse_req_t request, int error, const char* what) noexcept;
void fail_forget(fuse_req_t request, const char* what) noexcept;
void fail_init(const char* what) noexcept;

// Calls `operation`, which works at a request. If it throws, the reply is ENOMEM or EIO.
template <typename Operation>
void answer_guarded(fuse_req_t request, Operation operation) noexcept {
  call_guarded(operation, [&](int error, const char* what) { fail_request(request, error, what); });
}

template <auto kOperation>
struct Guarded;

// The operation, with a reply of ENOMEM or EIO in place of an exception.
template <typename... Arguments, void (*kOperation)(fuse_req_t, Arguments...)>
struct Guarded<kOperation> {
  static void call(fuse_req_t request, Arguments... arguments) noexcept {
    answer_guarded(request, [&] { kOperation(request, arguments...); });
  }

  // For forgets, which have no reply.
  static void forget(fuse_req_t request, Arguments... arguments) noexcept {
    call_guarded([&] { kOperation(request, arguments...); },
                 [&](int, const char* what) { fail_forget(request, what); });
  }
};

// For init, which has no request.
template <void (*kOperation)(void*, fuse_conn_info*)>
struct Guarded<kOperation> {
  static void call(void* user_data, fuse_conn_info* connection) noexcept {
    call_guarded([&] { kOperation(user_data, connection); }, [](int, const char* what) { fail_init(what); });
  }
};

}  // namespace npyfs
