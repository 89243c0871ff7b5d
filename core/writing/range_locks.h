// Which rows are open for writing: no byte of a source has two views that are open for writing at a time.
//
// The kernel writes mapped pages back whole, so two views that overlap would undo each other's bytes. The same view may
// be opened many times: all who do so share its pages in the page cache. For the same reason writes must go through the
// page cache while anybody may have the view mapped for writing: a page that was read before a direct write and written
// back after it would undo that write. Only a file that is open for reading and writing can be mapped for writing.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
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

namespace npyfs {

// The bytes of one source file that a view holds.
struct LockedRange {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t version = 0;  // FileVersion::hash(): selections of one version alone can be compared exactly
  Extent array;               // where the array lies in the file
  std::optional<Selection> selection;  // of that array; nullopt for all bytes of the file
};

// Whether two ranges have a byte in common. Two selections of different versions of an array count as overlapping, unless
// one is empty.
bool overlap(const LockedRange& a, const LockedRange& b);

// What is locked by opening a view for writing.
struct RangeLock {
  NodeId view = 0;
  std::vector<LockedRange> ranges;  // one for each file that the view's bytes are in; none if it has no bytes
  std::string path;                 // of the source, for messages
  std::string description;          // of the view, for messages: "chunk 3 of 16"
};

enum class Opening { kForWriting, kForReadingAndWriting };

// How the writes of an open file reach npyfs.
enum class WritePath { kDirect, kCached };

// Thread-safe.
class RangeLocks {
 public:
  // One opener's share in a lock; its end gives the share back. The RangeLocks must outlive it.
  class Share {
   public:
    Share(RangeLocks& locks, NodeId view, pid_t process, WritePath path)
        : locks_(&locks), view_(view), process_(process), path_(path) {}
    Share(Share&& other) noexcept
        : locks_(std::exchange(other.locks_, nullptr)),
          view_(other.view_),
          process_(other.process_),
          path_(other.path_) {}
    Share& operator=(Share&&) = delete;
    ~Share() {
      if (locks_ != nullptr) locks_->release(view_, process_, path_);
    }
    WritePath path() const { return path_; }

   private:
    RangeLocks* locks_;
    NodeId view_;
    pid_t process_;
    WritePath path_;
  };

  // `call` is called after each end of a share, by the thread that ended it, with no lock held. To be set before
  // anything is locked.
  void after_each_release(std::function<void()> call) { after_release_ = std::move(call); }

  // kBusy if another view that overlaps is open for writing; kReleasing if everyone who opened it has closed it since
  // (see note_close()). The sentence names both views and a process that has the other one open. An opening for writing
  // alone writes directly while nobody has opened the view for reading and writing; kReleasing for an opening for
  // reading and writing meanwhile. `process` may be a thread of it.
  Result<Share> lock(const RangeLock& lock, Opening opening, pid_t process) EXCLUDES(mutex_);

  // Somebody closes a descriptor of the view. That need not be the end: a copy of the descriptor or a mapping may live
  // on. If it is, close() has returned before we hear of it.
  void note_close(NodeId view) EXCLUDES(mutex_);

  bool is_locked(NodeId view) const EXCLUDES(mutex_);

  // The views that are open for writing, in no order.
  std::vector<NodeId> views() const EXCLUDES(mutex_);

 private:
  struct Holding {
    RangeLock lock;
    std::vector<pid_t> processes;  // one for each open
    std::size_t closes = 0;        // heard of and not yet followed by a release
    std::size_t direct = 0;        // how many write directly
  };
  // Who is in the way of a lock: the sentence is made of it once mutex_ is released, since that reads /proc.
  struct Conflict {
    ErrorKind kind;
    std::string holder;  // description of the view; "" if it is the view itself
    pid_t process;
  };
  std::optional<Conflict> find_conflict(const RangeLock& lock, Opening opening) const REQUIRES(mutex_);
  WritePath add_share(const RangeLock& lock, Opening opening, pid_t process) REQUIRES(mutex_);
  void release(NodeId view, pid_t process, WritePath path) EXCLUDES(mutex_);

  std::function<void()> after_release_ = [] {};
  mutable Mutex mutex_;  // a leaf: no other lock is taken while it is held
  std::unordered_map<NodeId, Holding> holdings_ GUARDED_BY(mutex_);
};

}  // namespace npyfs
