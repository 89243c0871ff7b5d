// Files of the tree that stay open between reads, for a client that does not say when it opens and closes them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/base/mutex.h"
#include "core/base/node_id.h"
#include "core/tree/open_files.h"

namespace npyfs {

// One open file for each node. Thread-safe: readers of files that are kept do not wait for each other.
//
// The number of files is bounded, and so are the sources that they keep open. The least recently used files go first. A
// file that is_generated_anew stays until remove(), since it cannot be opened as it was again.
class KeptFiles {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kMostFiles = 4096;

  // The most sources that are kept open. One file is kept whatever it needs.
  explicit KeptFiles(std::size_t most_sources) : most_sources_(most_sources) {}

  // Null if the file is not kept.
  std::shared_ptr<const OpenFile> find(NodeId node) const EXCLUDES(mutex_);

  // Keeps the file. Returns it, or the one that is already kept for this node.
  std::shared_ptr<const OpenFile> add(std::shared_ptr<const OpenFile> file) EXCLUDES(mutex_);

  void remove(NodeId node) EXCLUDES(mutex_);
  void remove_unused_since(Clock::time_point deadline) EXCLUDES(mutex_);

  // Sources that are kept open.
  std::size_t source_count() const EXCLUDES(mutex_);

 private:
  struct Entry {
    explicit Entry(std::shared_ptr<const OpenFile> open) : file(std::move(open)) {}
    std::shared_ptr<const OpenFile> file;
    mutable std::atomic<Clock::rep> last_used = 0;
  };
  using Files = std::unordered_map<NodeId, Entry>;
  // Files that have been taken out are closed by the caller, after the lock is released.
  using Removed = std::vector<std::shared_ptr<const OpenFile>>;

  // Takes out the files in order of their last use, a quarter at a time, until the bounds are met. `added` stays.
  void remove_surplus(NodeId added, Removed& removed) REQUIRES(mutex_);
  void take_out(Files::iterator entry, Removed& removed) REQUIRES(mutex_);

  const std::size_t most_sources_;
  mutable SharedMutex mutex_;  // No other lock is taken while it is held, and no file is closed.
  Files files_ GUARDED_BY(mutex_);
  // How many of the files need a source, for each source.
  std::unordered_map<const SourceFile*, std::size_t> sources_ GUARDED_BY(mutex_);
};

}  // namespace npyfs
