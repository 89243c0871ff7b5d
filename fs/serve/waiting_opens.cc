#include "fs/serve/waiting_opens.h"

#include <algorithm>
#include <iterator>

namespace npyfs {
namespace {

using namespace std::chrono_literals;

// Releases arrive within microseconds, unless the machine is overloaded.
constexpr auto kPatience = 2s;

}  // namespace

void WaitingOpens::add(const Open& open) {
  {
    const MutexLock lock(mutex_);
    if (!thread_.joinable()) thread_ = std::jthread([this] { run(); });
    opens_.push_back({open, current_request(), Clock::now() + kPatience});  // nothing below throws
  }
  changed_.notify_one();
  try_again();  // the release may have come just before the open was added
}

void WaitingOpens::try_again() noexcept {
  bool missed_a_release = true;
  while (missed_a_release) {
    std::list<Waiting> opens;
    std::uint64_t seen = 0;
    {
      const MutexLock lock(mutex_);
      seen = ++releases_;
      opens.swap(opens_);
    }
    std::erase_if(opens, [&](const Waiting& waiting) { return attempt(waiting, false); });
    if (opens.empty()) return;
    const MutexLock lock(mutex_);
    opens_.splice(opens_.end(), opens);
    changed_.notify_one();
    missed_a_release = releases_ != seen;  // another thread was here meanwhile, and found no open to attempt
  }
}

bool WaitingOpens::attempt(const Waiting& waiting, bool is_last) const {
  const ResumedRequest resumed(waiting.request);
  return attempt_(waiting.open, is_last);
}

void WaitingOpens::expire(Clock::time_point now) {
  std::list<Waiting> expired;
  {
    const MutexLock lock(mutex_);
    for (auto waiting = opens_.begin(); waiting != opens_.end();) {
      const auto next = std::next(waiting);
      if (waiting->deadline <= now) expired.splice(expired.end(), opens_, waiting);
      waiting = next;
    }
  }
  for (const Waiting& waiting : expired) attempt(waiting, true);
}

void WaitingOpens::run() {
  while (wait_for_deadline()) expire(Clock::now());
}

// Until the first open that waits has reached its deadline; false if the thread is to end.
bool WaitingOpens::wait_for_deadline() {
  const MutexLock lock(mutex_);
  while (!is_stopping_ && opens_.empty()) changed_.wait(mutex_);
  if (is_stopping_) return false;
  const auto first = std::ranges::min_element(opens_, {}, &Waiting::deadline)->deadline;
  while (!is_stopping_ && changed_.wait_until(mutex_, first)) continue;
  return !is_stopping_;
}

void WaitingOpens::end_thread() {
  std::jthread thread;  // joined at the end of the scope, without the lock
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
    thread.swap(thread_);
  }
  changed_.notify_one();
}

void WaitingOpens::stop() {
  end_thread();
  expire(Clock::time_point::max());
}

}  // namespace npyfs
