// The files of the tree that somebody has open.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>

#include "core/array/view.h"
#include "core/base/error.h"
#include "core/base/mutex.h"
#include "core/io/read_ahead.h"
#include "core/tree/nodes.h"
#include "core/writing/open_for_writing.h"

namespace npyfs {

// A file that somebody has open: its bytes and attributes are those of the moment it was opened. Immutable but for what
// it has learned of its reader.
struct OpenFile {
  NodeId node;
  View view;
  struct stat attributes;
  bool is_generated_anew;       // a control file: each open has a text of its own
  bool is_racy = false;         // see is_racy(): at the time of the open
  bool may_be_written = false;  // its bytes may change by what is written through this mount
  bool is_first_open = false;   // of this node since the kernel came to know it
  // Why the pages that the kernel has of the node are to be dropped at this open; kNoDoubt if they may stay.
  Nodes::Doubt doubt = Nodes::kNoDoubt;
  std::unique_ptr<ReadAhead> read_ahead = std::make_unique<ReadAhead>();
  std::unique_ptr<const OpenForWriting> writing = nullptr;  // null if it was opened for reading alone

  std::uint64_t size() const { return view.size(); }
  // The source file, for messages: the first one of several. Only of files that have one.
  const SourceFile& source() const { return *view.segments.front().file; }
};

// They are known by their nodes. Thread-safe.
class OpenFiles {
 public:
  // `file` must be removed before it goes. Removing what is not there does nothing.
  void add(const OpenFile& file);
  void remove(const OpenFile& file);

  // What `node` was when it was opened, where it is open.
  std::optional<struct stat> attributes(NodeId node) const;

  // OpenForWriting::check_complete() of each that `process` writes `node` through.
  Result<void> check_complete(NodeId node, pid_t process) const;

  // OpenForWriting::note_truncation() of the one that `process` has opened last; false if it has opened none for writing.
  bool note_truncation(NodeId node, pid_t process) const;

  std::size_t count() const;

 private:
  template <typename Visit>
  void visit_writings(NodeId node, pid_t process, Visit visit) const REQUIRES_SHARED(mutex_);

  mutable SharedMutex mutex_;  // a leaf: no other lock is taken while it is held
  std::unordered_multimap<NodeId, const OpenFile*> files_ GUARDED_BY(mutex_);
};

}  // namespace npyfs
