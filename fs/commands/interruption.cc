#include "fs/commands/interruption.h"

#include <cstddef>

namespace npyfs {
namespace {

volatile sig_atomic_t signal_that_came = 0;

void remember(int number) {
  signal_that_came = number;
}

}  // namespace

Interruption::Interruption() {
  signal_that_came = 0;
  struct sigaction action = {};
  action.sa_handler = &remember;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    (void)::sigaction(kSignals[i], nullptr, &before_[i]);
    if (before_[i].sa_handler != SIG_IGN) (void)::sigaction(kSignals[i], &action, nullptr);
  }
}

Interruption::~Interruption() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) (void)::sigaction(kSignals[i], &before_[i], nullptr);
  if (has_come()) (void)::raise(signal_that_came);
}

bool Interruption::has_come() {
  return signal_that_came != 0;
}

}  // namespace npyfs
