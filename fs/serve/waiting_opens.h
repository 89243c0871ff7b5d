// Opens for writing that meet a view which has been closed, but of whose release we have not heard yet.
//
// The kernel sends a release after close() or munmap() has returned, so an open that follows may overtake it. It waits
// here, without a thread: for the release, and no longer than a moment, since what was closed may still be mapped.
#pragma once

#include <fuse_lowlevel.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

namespace npyfs {

// Thread-safe.
class WaitingOpens {
 public:
  using Clock = std::chrono::steady_clock;

  struct Open {
    fuse_req_t request;
    fuse_ino_t node;
    fuse_file_info info;
    Clock::time_point deadline;
  };

  // Tries again to answer a request, and says whether it did. It must where `is_last`. Must not throw.
  using Attempt = std::function<bool(const Open& open, bool is_last)>;

  explicit WaitingOpens(Attempt attempt) : attempt_(std::move(attempt)) {}
  // To have been stopped before: requests must be answered while there is a session.
  ~WaitingOpens() = default;
  WaitingOpens(const WaitingOpens&) = delete;
  WaitingOpens& operator=(const WaitingOpens&) = delete;

  void add(fuse_req_t request, fuse_ino_t node, const fuse_file_info& info);

  // To be called after each release. Allocates nothing: whatever waits must be answered.
  void try_again() noexcept;

  // Answers all that wait and ends the thread. Nothing may be added any more.
  void stop();

 private:
  void run(const std::stop_token& stop);
  void expire(Clock::time_point now);

  const Attempt attempt_;
  std::mutex mutex_;  // guards opens_, releases_ and the start of thread_; not held while an open is attempted
  std::condition_variable_any added_;
  std::list<Open> opens_;
  std::uint64_t releases_ = 0;
  std::jthread thread_;  // started by the first that has to wait
};

}  // namespace npyfs
