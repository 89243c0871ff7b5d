// How many bytes were written into each view.
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

// Thread-safe. Keyed by the view's path in the mount. A counter is kept until the end of the mount, so it outlives the
// view's node.
class WrittenBytes {
 public:
  using Counter = std::atomic<std::uint64_t>;

  // The counter of a view; starts at 0.
  std::shared_ptr<Counter> counter(const std::string& view);

  // The counter's value; 0 if the view was never opened for writing.
  std::uint64_t of(const std::string& view) const;

  // All views that were opened for writing, sorted by path.
  std::vector<std::pair<std::string, std::uint64_t>> all() const;

 private:
  mutable SharedMutex mutex_;  // No other lock is taken while it is held.
  std::map<std::string, std::shared_ptr<Counter>> counters_ GUARDED_BY(mutex_);
};

}  // namespace npyfs
