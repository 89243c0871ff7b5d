#include "fs/daemon/supervised_signals.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace npyfs {
namespace {

constexpr std::array kToEnd = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
constexpr std::array kOthers = {SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU};

void add_unless_ignored(sigset_t& set, int number) {
  struct sigaction action;
  if (::sigaction(number, nullptr, &action) == 0 && action.sa_handler != SIG_IGN) ::sigaddset(&set, number);
}

sigset_t signals_to_block() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGCHLD);
  for (const int number : kToEnd) add_unless_ignored(set, number);
  for (const int number : kOthers) add_unless_ignored(set, number);
  for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) add_unless_ignored(set, number);
  return set;
}

}  // namespace

Result<SupervisedSignals> SupervisedSignals::block() {
  SupervisedSignals signals;
  const sigset_t blocked = signals_to_block();
  // An ignored SIGCHLD would have the kernel discard the exit statuses of children.
  struct sigaction usual = {};
  usual.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &usual, &signals.inherited_.child);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &signals.inherited_.mask);
  signals.descriptor_ = UniqueFd(::signalfd(-1, &blocked, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals.descriptor_) return std::unexpected(system_error("signals", "signalfd", errno));
  return signals;
}

std::optional<signalfd_siginfo> SupervisedSignals::next(std::optional<std::chrono::milliseconds> timeout) const {
  pollfd waiting = {.fd = descriptor_.get(), .events = POLLIN, .revents = 0};
  const int milliseconds = timeout ? static_cast<int>(std::max(timeout->count(), std::int64_t{0})) : -1;
  while (true) {
    signalfd_siginfo signal;
    if (::read(descriptor_.get(), &signal, sizeof signal) == sizeof signal) return signal;
    if (::poll(&waiting, 1, milliseconds) == 0) return std::nullopt;
  }
}

bool asks_to_end(int number) {
  return std::ranges::find(kToEnd, number) != kToEnd.end();
}

bool comes_from_terminal(const signalfd_siginfo& signal) {
  // SIGHUP goes to the leader of the session alone, which npyfs may be.
  return signal.ssi_code == SI_KERNEL && signal.ssi_signo != SIGHUP;
}

}  // namespace npyfs
