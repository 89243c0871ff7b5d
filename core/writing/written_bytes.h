// How much was written into which view.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/mutex.h"

namespace npyfs {

// Thread-safe. Views are told apart by their paths in the mount, and are kept for as long as the mount lives: what was
// written is to be known after the kernel has forgotten the view.
class WrittenBytes {
 public:
  using Counter = std::atomic<std::uint64_t>;

  // The counter of a view, at 0 when it is asked for first.
  std::shared_ptr<Counter> counter(const std::string& view);

  // 0 where nobody has opened it for writing.
  std::uint64_t of(const std::string& view) const;

  // All views that were opened for writing, sorted by path.
  std::vector<std::pair<std::string, std::uint64_t>> all() const;

 private:
  mutable SharedMutex mutex_;  // a leaf: no other lock is taken while it is held
  std::map<std::string, std::shared_ptr<Counter>> counters_ GUARDED_BY(mutex_);
};

}  // namespace npyfs
