#include "core/io/guarded_copy.h"

#include <ucontext.h>

#include <atomic>
#include <csetjmp>
#include <csignal>
#include <cstring>

namespace npyfs {
namespace {

// How many items ahead of the copy memory is fetched into the cache. Longer runs are fetched by the processor itself.
constexpr std::int64_t kItemsAhead = 16;

// Where this thread goes on after a SIGBUS, while it copies. Such storage of the program itself exists from the start
// of a thread, so the handler allocates nothing when it reads it.
thread_local sigjmp_buf recovery;
thread_local sigset_t recovered_mask;  // the signals that were blocked before the handler was called
thread_local volatile std::sig_atomic_t is_copying = 0;

struct sigaction previous = {};

void pass_on(int signal, siginfo_t* info, void* context) {
  if ((previous.sa_flags & SA_SIGINFO) != 0) {
    previous.sa_sigaction(signal, info, context);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
  } else {
    // Ends the process as soon as the handler returns, whoever has sent the signal.
    struct sigaction by_default = {};
    by_default.sa_handler = SIG_DFL;
    ::sigaction(SIGBUS, &by_default, nullptr);
    ::raise(SIGBUS);
  }
}

void on_bus_error(int signal, siginfo_t* info, void* context) {
  if (is_copying != 0 && info->si_code > 0) {  // raised by the kernel, not sent by a process
    recovered_mask = static_cast<const ucontext_t*>(context)->uc_sigmask;
    ::siglongjmp(recovery, 1);
  }
  pass_on(signal, info, context);
}

void install_handler() {
  static const int installed = [] {
    struct sigaction action = {};
    action.sa_sigaction = &on_bus_error;
    action.sa_flags = SA_SIGINFO;
    return ::sigaction(SIGBUS, &action, &previous);
  }();
  (void)installed;
}

// A size that the compiler knows is copied by an instruction or two; a call of memcpy for a few bytes costs more.
template <std::size_t kSize>
void copy_items(const std::byte* from, std::int64_t stride, std::size_t count, std::byte* out) {
  for (; count > 0; --count, from += stride, out += kSize) {
    __builtin_prefetch(from + kItemsAhead * stride, 0, 0);
    std::memcpy(out, from, kSize);
  }
}

// A function of its own, so that no variable of it is alive where the jump leads to.
[[gnu::noinline]] void copy_runs(const std::byte* from, std::size_t size, std::int64_t stride, std::size_t count,
                                 std::byte* out) {
  switch (size) {
    case 1:
      return copy_items<1>(from, stride, count, out);
    case 2:
      return copy_items<2>(from, stride, count, out);
    case 4:
      return copy_items<4>(from, stride, count, out);
    case 8:
      return copy_items<8>(from, stride, count, out);
    case 16:
      return copy_items<16>(from, stride, count, out);
    default:
      break;
  }
  for (; count > 0; --count, from += stride, out += size) std::memcpy(out, from, size);
}

}  // namespace

// Nothing here has a destructor: the jump leaves copy_runs() and the handler without running any.
bool copy_guarded(const std::byte* from, std::size_t size, std::int64_t stride, std::size_t count, std::byte* out) {
  install_handler();
  if (sigsetjmp(recovery, 0) != 0) {  // saves no mask, which would take a system call each time
    is_copying = 0;
    ::pthread_sigmask(SIG_SETMASK, &recovered_mask, nullptr);
    return false;
  }
  is_copying = 1;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  copy_runs(from, size, stride, count, out);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  is_copying = 0;
  return true;
}

}  // namespace npyfs
