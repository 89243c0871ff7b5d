#include "fs/serve/waiting_opens.h"

#include <algorithm>
#include <iterator>

namespace npyfs {
namespace {

using namespace std::chrono_literals;

// Releases come within microseconds, where the machine is not overloaded.
constexpr auto kPatience = 2s;

}  // namespace

void WaitingOpens::add(fuse_req_t request, fuse_ino_t node, const fuse_file_info& info) {
  {
    const std::lock_guard lock(mutex_);
    if (!thread_.joinable()) {
      thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
    }
    opens_.push_back({request, node, info, Clock::now() + kPatience});  // the last that may throw
  }
  added_.notify_one();
  try_again();  // the release may have come just before it was added
}

void WaitingOpens::try_again() noexcept {
  std::unique_lock lock(mutex_);
  const auto since = ++releases_;
  std::list<Open> opens;
  opens.swap(opens_);
  lock.unlock();
  std::erase_if(opens, [&](const Open& open) { return attempt_(open, false); });
  if (opens.empty()) return;
  lock.lock();
  opens_.splice(opens_.end(), opens);
  added_.notify_one();
  const bool missed_one = releases_ != since;  // another thread found nothing to try while we had it
  lock.unlock();
  if (missed_one) try_again();
}

void WaitingOpens::expire(Clock::time_point now) {
  std::list<Open> expired;
  {
    const std::lock_guard lock(mutex_);
    for (auto open = opens_.begin(); open != opens_.end();) {
      const auto next = std::next(open);
      if (open->deadline <= now) expired.splice(expired.end(), opens_, open);
      open = next;
    }
  }
  for (const Open& open : expired) attempt_(open, true);
}

void WaitingOpens::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      added_.wait(lock, stop, [&] { return !opens_.empty(); });
      if (stop.stop_requested()) return;
      const auto next = std::ranges::min_element(opens_, {}, &Open::deadline)->deadline;
      added_.wait_until(lock, stop, next, [] { return false; });
    }
    expire(Clock::now());
  }
}

void WaitingOpens::stop() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  expire(Clock::time_point::max());
}

}  // namespace npyfs
