// The views that were opened last.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/array/array.h"
#include "core/array/view.h"
#include "core/base/mutex.h"
#include "core/base/node_id.h"
#include "core/slice/runs.h"

namespace npyfs {

// Remembers the header and the runs of views of arrays that lie in one file. These depend on the node alone, since that
// stands for one version of the array, and on where the array begins in its file. So they need not be made again when
// the node is opened again. Keeps no file open. Thread-safe.
class RecentViews {
 public:
  // So many views are remembered at most. Up to this many, nodes that were looked up one after the other do not
  // displace each other.
  static constexpr std::size_t kCount = 256;
  // A view with a longer header, in bytes, is not remembered.
  static constexpr std::size_t kLongestHeader = 1024;

  // Remembers the view, which is one of `array`, in place of that of an older node.
  void note(NodeId node, const View& view, const Array& array) EXCLUDES(mutex_);

  // The view of a node, in the file of `array`, which must be of the version that the node stands for. nullopt if it is
  // not remembered, or if the array begins elsewhere: a version does not say where in its archive a member is.
  std::optional<View> find(NodeId node, const Array& array) const EXCLUDES(mutex_);

 private:
  struct Remembered {
    NodeId node = kRootNode;         // the root is no view
    std::uint64_t array_offset = 0;  // bytes
    std::string header;
    Runs runs;
  };

  mutable Mutex mutex_;  // No other lock is taken while it is held.
  std::array<Remembered, kCount> views_ GUARDED_BY(mutex_);
};

}  // namespace npyfs
