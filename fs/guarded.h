// Operations that may throw, made fit for libfuse: an exception that got into its threads would end the daemon.
#pragma once

#include <fuse_lowlevel.h>

#include <cerrno>
#include <exception>
#include <new>

namespace npyfs {

// To be called by whoever writes replies, after each, in the thread that works at the request: with the errno of the
// failure, or 0.
void note_reply(int failure) noexcept;
// The errno with which writing this thread's last reply failed; 0 where it did not.
int reply_failure() noexcept;

// Told of an operation that threw. Answers the request with an error, unless it was answered before; logs. None throws.
void begin_request() noexcept;
void fail_request(fuse_req_t request, int error, const char* what) noexcept;
void fail_forget(fuse_req_t request, const char* what) noexcept;
void fail_init(const char* what) noexcept;

// Calls `operation`; where it throws calls `failed` with an errno and the reason in words: ENOMEM where memory was
// short, else EIO. `failed` must not throw.
template <typename Operation, typename Failed>
void call_guarded(Operation operation, Failed failed) noexcept {
  try {
    operation();
  } catch (const std::bad_alloc&) {
    failed(ENOMEM, "out of memory");
  } catch (const std::exception& error) {
    failed(EIO, error.what());
  } catch (...) {
    failed(EIO, "an unknown exception");
  }
}

template <auto kOperation>
struct Guarded;

// The operation, with a reply of ENOMEM or EIO in place of an exception.
template <typename... Arguments, void (*kOperation)(fuse_req_t, Arguments...)>
struct Guarded<kOperation> {
  static void call(fuse_req_t request, Arguments... arguments) noexcept {
    begin_request();
    call_guarded([&] { kOperation(request, arguments...); },
                 [&](int error, const char* what) { fail_request(request, error, what); });
  }

  // For forgets, which nobody waits for.
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
