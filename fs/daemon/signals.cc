#include "fs/daemon/signals.h"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace npyfs {
namespace {

using namespace std::chrono_literals;

constexpr int kWake = SIGUSR1;  // only interrupts system calls; sent to one of our threads

bool is_default(int number) {
  struct sigaction action;
  return ::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_DFL;
}

// By default these signals end a process at once, and mapped pages that are not yet written would be lost. A handler
// that somebody has installed in our process, as profilers do for SIGPROF, stays.
void ignore_meaningless_signals() {
  const auto ignore = [](int number) {
    if (is_default(number)) ::signal(number, SIG_IGN);
  };
  for (const int number : {SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGSTKFLT}) ignore(number);
  for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) ignore(number);
}

}  // namespace

Signals::Signals() {
  ::sigemptyset(&ending_);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGXCPU}) {
    if (is_default(number)) ::sigaddset(&ending_, number);
  }
  ::pthread_sigmask(SIG_BLOCK, &ending_, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a write beyond RLIMIT_FSIZE then fails with EFBIG, which the writer gets
  ignore_meaningless_signals();
  struct sigaction wake = {};
  wake.sa_handler = [](int) {};  // without SA_RESTART: the interrupted call returns
  ::sigaction(kWake, &wake, nullptr);
}

void Signals::take_during(const std::function<void()>& loop, const std::function<void()>& before_end,
                          const std::function<void()>& end) {
  std::atomic<bool> has_returned = false;
  std::jthread taker([&, looping = ::pthread_self()] {
    sigset_t awaited = ending_;
    ::sigaddset(&awaited, kWake);
    ::pthread_sigmask(SIG_BLOCK, &awaited, nullptr);
    int number = kWake;
    while (number == kWake && !has_returned) (void)::sigwait(&awaited, &number);
    if (has_returned) return;
    before_end();
    end();
    // The loop may have checked for its end just before end() and gone to sleep since. So wake it until it returns.
    while (!has_returned) {
      ::pthread_kill(looping, kWake);
      std::this_thread::sleep_for(10ms);
    }
  });
  loop();
  has_returned = true;
  ::pthread_kill(taker.native_handle(), kWake);
}

}  // namespace npyfs
