// Opens for writing that meet a view which was closed, but whose release has not arrived yet.
//
// The kernel sends a release only after close() or munmap() has returned, so the next open may overtake it. It waits
// here, without occupying a thread, until the release arrives; but not for long, since the view may still be mapped.
#pragma once

#include <fuse_lowlevel.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <thread>
#include <utility>

#include "core/base/mutex.h"
#include "fs/kernel/current_request.h"

namespace npyfs {

// Thread-safe.
class WaitingOpens {
 public:
  using Clock = std::chrono::steady_clock;

  struct Open {
    fuse_req_t request;
    fuse_ino_t node;
    fuse_file_info info;
  };

  // Tries to answer a request; returns whether it did. It must answer if `is_last`. Must not throw.
  using Attempt = std::function<bool(const Open& open, bool is_last)>;

  explicit WaitingOpens(Attempt attempt) : attempt_(std::move(attempt)) {}
  WaitingOpens(const WaitingOpens&) = delete;
  WaitingOpens& operator=(const WaitingOpens&) = delete;
  // Answers nobody: stop() must have been called while there was a session, or nobody waits.
  ~WaitingOpens() { end_thread(); }

  // To be called by the thread that has read the request.
  void add(const Open& open);

  // To be called after each release. Allocates nothing, so that it cannot fail: all that wait must be answered.
  void try_again() noexcept;

  // Answers all that wait and ends the thread. Nothing may be added any more.
  void stop();

 private:
  struct Waiting {
    Open open;
    CurrentRequest request;  // what was known of the request when it was left to wait
    Clock::time_point deadline;
  };

  bool attempt(const Waiting& waiting, bool is_last) const;
  void run();
  bool wait_for_deadline();
  void expire(Clock::time_point now);
  void end_thread();

  const Attempt attempt_;
  Mutex mutex_;  // No other lock is taken while holding it; in particular, no open is attempted.
  Condition changed_;
  std::list<Waiting> opens_ GUARDED_BY(mutex_);
  std::uint64_t releases_ GUARDED_BY(mutex_) = 0;
  bool is_stopping_ GUARDED_BY(mutex_) = false;
  std::jthread thread_ GUARDED_BY(mutex_);  // started by the first open that has to wait
};

}  // namespace npyfs
