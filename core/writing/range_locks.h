// Which rows are open for writing. Two views that are open for writing at the same time never have a byte in common.
//
// Pages of a mapping are written back whole, so writers of two overlapping views would undo each other's changes. The
// same view may be opened many times, because all openers share its pages in the page cache. For the same reason,
// writes must go through the page cache while the view may be mapped for writing: a page that was read before a direct
// write and is written back after it would undo that write. Only a file that is open for reading and writing can be
// mapped for writing.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/extent.h"
#include "core/base/mutex.h"
#include "core/base/node_id.h"
#include "core/slice/selection.h"
#include "core/writing/unwritten_bytes.h"

namespace npyfs {

// The bytes of one source file that a view holds.
struct LockedRange {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t version = 0;  // FileVersion::hash(): only selections of the same version can be compared exactly
  Extent array;               // where the array lies in the file
  std::optional<Selection> selection;  // of that array; nullopt: all bytes of the file
};

// The process of a thread; the thread itself if it has ended, or is in a PID namespace that we cannot see.
pid_t process_of(pid_t thread);

// Whether two ranges have a byte in common. Non-empty selections of different versions of an array count as
// overlapping.
bool overlap(const LockedRange& a, const LockedRange& b);

// What an open of a view for writing locks.
struct RangeLock {
  NodeId view = 0;
  std::vector<LockedRange> ranges;  // one for each file that holds bytes of the view; empty if the view has no bytes
  std::string path;                 // of the source, for messages
  std::string description;          // of the view, for messages: "chunk 3 of 16"
};

enum class Opening { kForWriting, kForReadingAndWriting };

// How the writes of an open file reach npyfs.
enum class WritePath { kDirect, kCached };

// Thread-safe.
class RangeLocks {
 public:
  // One opener's share in a lock. Its destructor releases the share. The RangeLocks must outlive it.
  class Share {
   public:
    Share(RangeLocks& locks, NodeId view, pid_t process, WritePath path, std::shared_ptr<UnwrittenBytes> unwritten)
        : locks_(&locks), view_(view), process_(process), path_(path), unwritten_(std::move(unwritten)) {}
    Share(Share&& other) noexcept
        : locks_(std::exchange(other.locks_, nullptr)),
          view_(other.view_),
          process_(other.process_),
          path_(other.path_),
          unwritten_(std::move(other.unwritten_)) {}
    Share& operator=(Share&&) = delete;
    ~Share() {
      if (locks_ != nullptr) locks_->release(view_, process_, path_);
    }
    WritePath path() const { return path_; }
    // The same for all who have the view open for writing.
    UnwrittenBytes& unwritten() const { return *unwritten_; }

   private:
    RangeLocks* locks_;
    NodeId view_;
    pid_t process_;
    WritePath path_;
    std::shared_ptr<UnwrittenBytes> unwritten_;
  };

  // `after_release` is called after each release of a share, by the thread that releases it, with no lock held.
  explicit RangeLocks(std::function<void()> after_release = [] {}) : after_release_(std::move(after_release)) {}

  // Locks the ranges for one opener. If another view that overlaps is open for writing, the error is kReleasing if all
  // its openers have called close(2) (see note_close()), otherwise kBusy; the sentence names both views and a process
  // that has the other one open. An open for writing only gets WritePath::kDirect, unless the view is already open for
  // reading and writing. While a view is written directly, opening it for reading and writing is kReleasing. `process`
  // may be a thread.
  Result<Share> lock(const RangeLock& lock, Opening opening, pid_t process) EXCLUDES(mutex_);

  // To be called when a process closes a descriptor of the view. The share need not be released soon: a copy of the
  // descriptor or a mapping may stay. If it is released, the process's close(2) may have returned before.
  void note_close(NodeId view) EXCLUDES(mutex_);

  bool is_locked(NodeId view) const EXCLUDES(mutex_);

  // The views that are open for writing, in any order.
  std::vector<NodeId> views() const EXCLUDES(mutex_);

 private:
  struct Holding {
    RangeLock lock;
    std::vector<pid_t> processes;  // one for each open
    std::size_t closes = 0;        // noted, and not followed by a release so far
    std::size_t direct = 0;        // openers with WritePath::kDirect
    std::shared_ptr<UnwrittenBytes> unwritten = std::make_shared<UnwrittenBytes>();
  };
  // What prevents a lock. The error's sentence is made from it after mutex_ is released, because that reads /proc.
  struct Conflict {
    ErrorKind kind;
    std::string holder;  // description of the conflicting view; "" if it is the same view
    pid_t process;
  };
  std::optional<Conflict> find_conflict(const RangeLock& lock, Opening opening) const REQUIRES(mutex_);
  Share add_share(const RangeLock& lock, Opening opening, pid_t process) REQUIRES(mutex_);
  void release(NodeId view, pid_t process, WritePath path) EXCLUDES(mutex_);

  const std::function<void()> after_release_;
  mutable Mutex mutex_;  // No other lock is taken while it is held.
  std::unordered_map<NodeId, Holding> holdings_ GUARDED_BY(mutex_);
};

}  // namespace npyfs
