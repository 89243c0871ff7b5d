#include "fs/housekeeping.h"

#include <malloc.h>

#include <chrono>

namespace npyfs {
namespace {

using namespace std::chrono_literals;

constexpr auto kInterval = 2s;
constexpr auto kUnusedFor = 10s;
constexpr std::size_t kManyNodes = 10'000;

}  // namespace

Housekeeping::Housekeeping(Tree& tree) : tree_(tree), thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Housekeeping::run(const std::stop_token& stop) {
  std::size_t most_nodes = 0;
  std::unique_lock lock(mutex_);
  while (!sleeping_.wait_for(lock, stop, kInterval, [&] { return stop.stop_requested(); })) {
    tree_.sources().close_unused_since(SourceCache::Clock::now() - kUnusedFor);
    const std::size_t nodes = tree_.node_count();
    most_nodes = std::max(most_nodes, nodes);
    if (most_nodes > kManyNodes && nodes < most_nodes / 2) {
      ::malloc_trim(0);  // glibc keeps freed memory that lies below something still in use
      most_nodes = nodes;
    }
  }
}

}  // namespace npyfs
