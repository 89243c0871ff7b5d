#include "fs/serve/housekeeping.h"

#include <malloc.h>

#include <chrono>

namespace npyfs {
namespace {

using namespace std::chrono_literals;

constexpr auto kInterval = 2s;
constexpr auto kUnusedFor = 10s;
constexpr std::uint64_t kManyNodes = 1000;

}  // namespace

// One malloc arena for all threads: glibc's malloc_trim keeps the free memory at the end of any other arena, which was
// 10 MiB after 200,000 nodes had come and gone.
Housekeeping::Housekeeping(Tree& tree) : tree_(tree) {
  (void)::mallopt(M_ARENA_MAX, 1);
  thread_ = std::jthread([this] { run(); });
}

Housekeeping::~Housekeeping() {
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  stopping_.notify_one();
}

void Housekeeping::run() {
  std::uint64_t forgotten = 0;  // nodes, when memory was last given back
  while (sleep()) {
    tree_.close_unused_sources(SourceCache::Clock::now() - kUnusedFor);
    if (const std::uint64_t now = tree_.forgotten_nodes(); now - forgotten > kManyNodes) {
      ::malloc_trim(0);  // glibc by itself keeps freed memory below an address that is still in use
      forgotten = now;
    }
  }
}

// For the interval; false if the thread is to end.
bool Housekeeping::sleep() {
  const auto end = std::chrono::steady_clock::now() + kInterval;
  const MutexLock lock(mutex_);
  while (!is_stopping_ && stopping_.wait_until(mutex_, end)) continue;
  return !is_stopping_;
}

}  // namespace npyfs
