// Who may write which rows: a row has one view that is open for writing at a time.
//
// Mapped pages are written back whole, so two views that overlap would undo each other's bytes. The same view may be
// opened many times: all who do so share its pages in the kernel. For the same reason writes must go through these
// pages where anybody may have mapped them: a write past them would be undone by a page that was read before it and
// written back after it. Only a file that is open for reading and writing can be mapped for writing.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/node_id.h"
#include "core/slice/array_split.h"

namespace npyfs {

// What is claimed by opening a view for writing. Rows of two axes overlap, and so do rows that were counted by two
// different headers, wherever both are some.
struct Claim {
  NodeId view = 0;
  std::uint64_t device = 0;    // of the source
  std::uint64_t inode = 0;     // of the source
  std::uint64_t version = 0;   // of the source: FileVersion::hash()
  bool has_bytes = false;      // false: nothing is claimed, for there is nothing to write
  bool is_whole_file = false;  // every row; axis and rows mean nothing then
  std::uint8_t axis = 0;
  RowRange rows;
  std::string path;         // of the source, for messages
  std::string description;  // of the view, for messages: "chunk 3 of 16"
};

bool overlap(const Claim& a, const Claim& b);

enum class Opening { kForWriting, kForReadingAndWriting };

// What the writes of an open file go through.
enum class WritePath { kPastPages, kThroughPages };

// Thread-safe.
class Claims {
 public:
  // One opener's share in a claim, which it gives back. The Claims must outlive it.
  class Ticket {
   public:
    Ticket(Claims& claims, NodeId view, pid_t process, WritePath path)
        : claims_(&claims), view_(view), process_(process), path_(path) {}
    Ticket(Ticket&& other) noexcept
        : claims_(std::exchange(other.claims_, nullptr)),
          view_(other.view_),
          process_(other.process_),
          path_(other.path_) {}
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket() {
      if (claims_ != nullptr) claims_->release(view_, process_, path_);
    }
    WritePath path() const { return path_; }

   private:
    Claims* claims_;
    NodeId view_;
    pid_t process_;
    WritePath path_;
  };

  // `call` is called after each end of an opener's share, by the thread that ended it, with no lock held. To be set
  // before anything is claimed.
  void after_each_release(std::function<void()> call) { after_release_ = std::move(call); }

  // kBusy where another view that overlaps is open for writing; kReleasing where all who opened it have closed it since
  // (see note_close()). The sentence names both views and a process that has the other one open. An opening for writing
  // alone is given the way past the pages while nobody has opened the view for reading and writing; kReleasing for one
  // that would have it mapped meanwhile. `process` may be a thread of it.
  Result<Ticket> claim(const Claim& claim, Opening opening, pid_t process);

  // Somebody closes a descriptor of the view. That need not be the end: a copy of the descriptor or a mapping may live
  // on. Where it is, close() has returned before we hear of it.
  void note_close(NodeId view);

  bool is_claimed(NodeId view) const;

  // The views that are open for writing, in no order.
  std::vector<NodeId> views() const;

 private:
  struct Holding {
    Claim claim;
    std::vector<pid_t> processes;  // one for each open
    std::size_t closes = 0;        // heard of and not yet followed by a release
    std::size_t past_pages = 0;    // how many write past its pages
  };
  void release(NodeId view, pid_t process, WritePath path);

  std::function<void()> after_release_ = [] {};
  mutable std::mutex mutex_;  // guards holdings_; a leaf
  std::unordered_map<NodeId, Holding> holdings_;
};

}  // namespace npyfs
