// Exceptions turned into an errno and a reason. An exception that leaves one of our functions into libfuse, or out of a
// thread, would end the daemon.
#pragma once

#include <cerrno>
#include <exception>
#include <new>
#include <system_error>

namespace npyfs {

// Calls `operation`. If that throws, calls `failed(int error, const char* what)` with an errno and the reason in words:
// ENOMEM if memory is short, or if no more threads can be created (pthread_create's EAGAIN); else EIO.
// `failed` must not throw.
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

}  // namespace npyfs
