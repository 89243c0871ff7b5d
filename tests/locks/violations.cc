// Compiles as it stands. With one of the macros below defined it breaks a lock rule, and clang must refuse it.
#include "core/base/mutex.h"
#include "core/base/thread_annotations.h"

namespace npyfs {

class Counter {
 public:
  int count() {
#ifndef READS_WITHOUT_LOCK
    const MutexLock lock(mutex_);
#endif
    return count_;
  }

  void add() {
#ifndef CALLS_WITHOUT_LOCK
    const MutexLock lock(mutex_);
#endif
    add_one();
  }

  void add_after_waiting() {
    MutexLock lock(mutex_);
    while (count_ == 0) changed_.wait(mutex_);
    add_one();
  }

  void add_shared() {
#ifdef WRITES_WITH_READER_LOCK
    const ReaderLock lock(shared_mutex_);
#else
    const WriterLock lock(shared_mutex_);
#endif
    ++shared_count_;
  }

  void add_both() {
#ifdef LOCKS_IN_WRONG_ORDER
    const WriterLock shared_lock(shared_mutex_);
    const MutexLock lock(mutex_);
#else
    const MutexLock lock(mutex_);
    const WriterLock shared_lock(shared_mutex_);
#endif
    add_one();
    ++shared_count_;
  }

 private:
  void add_one() REQUIRES(mutex_) { ++count_; }

  Mutex mutex_ ACQUIRED_BEFORE(shared_mutex_);
  SharedMutex shared_mutex_;
  Condition changed_;
  int count_ GUARDED_BY(mutex_) = 0;
  int shared_count_ GUARDED_BY(shared_mutex_) = 0;
};

int use() {
  Counter counter;
  counter.add();
  counter.add_after_waiting();
  counter.add_shared();
  counter.add_both();
  return counter.count();
}

}  // namespace npyfs
