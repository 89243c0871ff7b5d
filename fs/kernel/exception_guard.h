// Operations that may throw, made fit for libfuse: an exception that got into its threads would end the daemon.
#pragma once

#include <fuse_lowlevel.h>

#include <cerrno>
#include <exception>
#include <new>
#include <system_error>

namespace npyfs {

// To be called by whoever writes replies, after each, in the thread that works at the request: with the errno of the
// failure, or 0.
void note_reply(int failure) noexcept;
// The errno with which writing this thread's last reply failed; 0 where it did not.
int reply_failure() noexcept;

// While it lives this thread works at one request, which may be within the work at another.
class RequestScope {
 public:
  RequestScope() noexcept;
  RequestScope(const RequestScope&) = delete;
  RequestScope& operator=(const RequestScope&) = delete;
  ~RequestScope();

 private:
  const bool outer_is_answered_;
};

// Told of an operation that threw. Answers the request with an error, unless it was answered before; logs. None throws.
void fail_request(fuse_req_t request, int error, const char* what) noexcept;
void fail_forget(fuse_req_t request, const char* what) noexcept;
void fail_init(const char* what) noexcept;

// Calls `operation`; where it throws calls `failed` with an errno and the reason in words: ENOMEM where memory was
// short, or where there is no room for one more thread (pthread_create's EAGAIN), else EIO. `failed` must not throw.
template <typename Operation, typename Failed>
void call_guarded(Operation operation, Failed failed) noexcept {
  try {
    operation();
  } catch (const std::bad_alloc&) {
    failed(ENOMEM, "out of memory");
  } catch (const std::system_error& error) {
    failed(error.code() == std::errc::resource_unavailable_try_again ? ENOMEM : EIO, error.what());
  } catch (const std::exception& error) {
    failed(EIO, error.what());
  } catch (...) {
    failed(EIO, "an unknown exception");
  }
}

// Calls `operation`, which works at a request; where it throws the reply is ENOMEM or EIO.
template <typename Operation>
void answer_guarded(fuse_req_t request, Operation operation) noexcept {
  const RequestScope scope;
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
