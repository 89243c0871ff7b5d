// The standard library's mutexes, with annotations that let clang check at compile time which locks are held
// (thread_annotations.h). Use these in place of std::mutex and std::shared_mutex.
#pragma once

#include <condition_variable>
#include <mutex>
#include <shared_mutex>

#include "core/base/thread_annotations.h"

namespace npyfs {

class CAPABILITY("mutex") Mutex {
 public:
  void lock() ACQUIRE() { mutex_.lock(); }
  void unlock() RELEASE() { mutex_.unlock(); }
  bool try_lock() TRY_ACQUIRE(true) { return mutex_.try_lock(); }

 private:
  std::mutex mutex_;
};

class CAPABILITY("mutex") SharedMutex {
 public:
  void lock() ACQUIRE() { mutex_.lock(); }
  void unlock() RELEASE() { mutex_.unlock(); }
  void lock_shared() ACQUIRE_SHARED() { mutex_.lock_shared(); }
  void unlock_shared() RELEASE_SHARED() { mutex_.unlock_shared(); }

 private:
  std::shared_mutex mutex_;
};

// Holds a Mutex until the end of the scope.
class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;
  ~MutexLock() RELEASE() { mutex_.unlock(); }

 private:
  Mutex& mutex_;
};

// Holds a SharedMutex for writing until the end of the scope.
class SCOPED_CAPABILITY WriterLock {
 public:
  explicit WriterLock(SharedMutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  WriterLock(const WriterLock&) = delete;
  WriterLock& operator=(const WriterLock&) = delete;
  ~WriterLock() RELEASE() { mutex_.unlock(); }

 private:
  SharedMutex& mutex_;
};

// Holds a SharedMutex for reading until the end of the scope.
class SCOPED_CAPABILITY ReaderLock {
 public:
  explicit ReaderLock(SharedMutex& mutex) ACQUIRE_SHARED(mutex) : mutex_(mutex) { mutex_.lock_shared(); }
  ReaderLock(const ReaderLock&) = delete;
  ReaderLock& operator=(const ReaderLock&) = delete;
  ~ReaderLock() RELEASE_GENERIC() { mutex_.unlock_shared(); }

 private:
  SharedMutex& mutex_;
};

// A share in a SharedMutex that is handed from function to function. clang does not follow such a lock, and checks
// none.
using MovableReaderLock = std::shared_lock<SharedMutex>;

// A condition variable for a Mutex. Wakeups may be spurious: call wait() in a while loop that tests the condition.
// There is no wait() with a predicate, because clang does not check what lambdas access.
class Condition {
 public:
  void notify_one() noexcept { condition_.notify_one(); }
  void notify_all() noexcept { condition_.notify_all(); }
  void wait(Mutex& mutex) REQUIRES(mutex) { condition_.wait(mutex); }
  // False if `deadline` has passed.
  template <typename TimePoint>
  bool wait_until(Mutex& mutex, const TimePoint& deadline) REQUIRES(mutex) {
    return condition_.wait_until(mutex, deadline) == std::cv_status::no_timeout;
  }
  // False if the wait took at least `duration`.
  template <typename Duration>
  bool wait_for(Mutex& mutex, const Duration& duration) REQUIRES(mutex) {
    return condition_.wait_for(mutex, duration) == std::cv_status::no_timeout;
  }

 private:
  std::condition_variable_any condition_;
};

}  // namespace npyfs
