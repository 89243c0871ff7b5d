// The views that were opened last.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "core/array/array.h"
#include "core/array/view.h"
#include "core/base/mutex.h"
#include "core/base/node_id.h"
#include "core/slice/runs.h"

namespace npyfs {

// Remembers the header and the runs of views of arrays that lie in one file. These depend on nothing but the node,
// since that stands for one version of the array, so they need not be made again when the node is opened again. Keeps
// no file open. Thread-safe.
class RecentViews {
 public:
  // So many views are remembered at most, and of nodes that were looked up one after the other all.
  static constexpr std::size_t kCount = 256;
  // A view with a longer header, in bytes, is not remembered.
  static constexpr std::size_t kLongestHeader = 1024;

  // Remembers the view in place of that of an older node.
  void note(NodeId node, const View& view) EXCLUDES(mutex_);

  // The view of a node, in the file of `array`, which must be of the version that the node stands for. nullopt if it is
  // not remembered.
  std::optional<View> find(NodeId node, const Array& array) const EXCLUDES(mutex_);

 private:
  struct Remembered {
    NodeId node = kRootNode;  // the root is no view
    std::string header;
    Runs runs;
  };

  mutable Mutex mutex_;  // No other lock is taken while it is held.
  std::array<Remembered, kCount> views_ GUARDED_BY(mutex_);
};

}  // namespace npyfs
