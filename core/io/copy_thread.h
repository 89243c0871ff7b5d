// A second thread for copies that take long: while a reader waits for its bytes, its CPU is free.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <thread>

#include "core/base/mutex.h"

namespace npyfs {

// One thread, which helps one caller at a time: many readers at once keep all CPUs busy by themselves. It copies parts
// of the same request. It does not copy bytes of the next one, which could change before anybody asks for them.
//
// Thread-safe. The thread starts with the first copy, not before: a process that goes to the background has no threads.
class CopyThread {
 public:
  CopyThread() = default;
  CopyThread(const CopyThread&) = delete;
  CopyThread& operator=(const CopyThread&) = delete;
  ~CopyThread() EXCLUDES(mutex_);

  // Calls copy(i) once for each i < count, and returns when all calls have returned. The thread takes part in it if it
  // is idle and the process may use more than one CPU. If calls throw, throws one of their exceptions.
  void share(std::size_t count, const std::function<void(std::size_t)>& copy) EXCLUDES(mutex_);

 private:
  struct Job {
    const std::function<void(std::size_t)>& copy;
    const std::size_t count;
    std::atomic<std::size_t> next = 0;
    std::atomic_flag has_failed = {};
    std::exception_ptr failure = {};  // of the thread that has set has_failed
  };
  static void work(Job& job) noexcept;
  bool offer(Job& job) EXCLUDES(mutex_);
  void finish(const Job& job) EXCLUDES(mutex_);
  Job* begin() EXCLUDES(mutex_);
  void run() EXCLUDES(mutex_);

  Mutex mutex_;  // No other lock is taken while it is held.
  Condition changed_;
  bool is_ending_ GUARDED_BY(mutex_) = false;
  Job* job_ GUARDED_BY(mutex_) = nullptr;       // null: the thread is idle
  bool is_copying_ GUARDED_BY(mutex_) = false;  // the thread has begun with job_
  std::thread thread_ GUARDED_BY(mutex_);
};

}  // namespace npyfs
