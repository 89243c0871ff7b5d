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

// One arena for all threads: of any other one glibc's malloc_trim keeps the free memory at its end, 10 MiB after
// 200,000 nodes came and went.
Housekeeping::Housekeeping(Tree& tree) : tree_(tree) {
  (void)::mallopt(M_ARENA_MAX, 1);
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Housekeeping::run(const std::stop_token& stop) {
  std::uint64_t forgotten = 0;  // nodes, when memory was given back last
  std::unique_lock lock(mutex_);
  while (!sleeping_.wait_for(lock, stop, kInterval, [&] { return stop.stop_requested(); })) {
    tree_.sources().close_unused_since(SourceCache::Clock::now() - kUnusedFor);
    if (const std::uint64_t now = tree_.forgotten_nodes(); now - forgotten > kManyNodes) {
      ::malloc_trim(0);  // glibc keeps freed memory that lies below something still in use
      forgotten = now;
    }
  }
}

}  // namespace npyfs
