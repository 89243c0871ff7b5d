#include "core/io/copy_thread.h"

#include <sched.h>

#include <system_error>
#include <utility>

namespace npyfs {
namespace {

// Asked each time: the CPUs that a process may use can be changed while it runs.
bool has_second_cpu() {
  cpu_set_t cpus;
  return ::sched_getaffinity(0, sizeof cpus, &cpus) == 0 && CPU_COUNT(&cpus) > 1;
}

}  // namespace

CopyThread::~CopyThread() {
  std::thread thread;
  {
    const MutexLock lock(mutex_);
    is_ending_ = true;
    thread = std::move(thread_);
  }
  changed_.notify_all();
  if (thread.joinable()) thread.join();
}

void CopyThread::share(std::size_t count, const std::function<void(std::size_t)>& copy) {
  Job job{.copy = copy, .count = count};
  const bool is_shared = count > 1 && has_second_cpu() && offer(job);
  work(job);
  if (is_shared) finish(job);
  if (job.failure) std::rethrow_exception(job.failure);
}

void CopyThread::work(Job& job) noexcept {
  for (std::size_t i = job.next++; i < job.count; i = job.next++) {
    try {
      job.copy(i);
    } catch (...) {
      if (!job.has_failed.test_and_set()) job.failure = std::current_exception();
    }
  }
}

// Whether the thread may take part. If so, finish() must be called.
bool CopyThread::offer(Job& job) {
  const MutexLock lock(mutex_);
  if (job_ != nullptr) return false;
  if (!thread_.joinable()) {
    try {
      thread_ = std::thread([this] { run(); });
    } catch (const std::system_error&) {  // no more threads can be started
      return false;
    }
  }
  job_ = &job;
  changed_.notify_all();
  return true;
}

// Waits until the thread has done its part, or takes the job back from a thread that has not begun with it.
void CopyThread::finish(const Job& job) {
  const MutexLock lock(mutex_);
  while (job_ == &job && is_copying_) changed_.wait(mutex_);
  if (job_ == &job) job_ = nullptr;
}

// Waits for a job, and begins with it. Null: the thread is to end.
CopyThread::Job* CopyThread::begin() {
  const MutexLock lock(mutex_);
  while (job_ == nullptr && !is_ending_) changed_.wait(mutex_);
  if (is_ending_) return nullptr;
  is_copying_ = true;
  return job_;
}

void CopyThread::run() {
  while (Job* const job = begin()) {
    work(*job);
    const MutexLock lock(mutex_);
    is_copying_ = false;
    job_ = nullptr;
    changed_.notify_all();
  }
}

}  // namespace npyfs
