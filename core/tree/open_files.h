// The files of the tree that somebody has open.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <unordered_map>

#include "core/array/array_directory.h"
#include "core/base/error.h"
#include "core/io/read_ahead.h"
#include "core/tree/nodes.h"
#include "core/writing/open_for_writing.h"

namespace npyfs {

// A file that somebody has open: its bytes and attributes are those of the moment it was opened. Immutable but for what
// it has learned of its reader.
struct OpenFile {
  NodeId node;
  FileContent content;
  struct stat attributes;
  bool is_generated_anew;      // a control file: each open has a text of its own
  bool is_racy = false;        // its source's timestamps at the time of the open; see is_racy()
  bool is_first_open = false;  // of this node since the kernel came to know it
  // Why the pages that the kernel has of the node are to be dropped at this open; kNoDoubt where they may stay.
  Nodes::Doubt doubt = Nodes::kNoDoubt;
  std::unique_ptr<ReadAhead> read_ahead = std::make_unique<ReadAhead>();
  std::unique_ptr<const Writing> writing = nullptr;  // null where it was opened for reading alone

  std::uint64_t size() const { return content.view.size(); }

  // Whether its bytes may change under it by what the mount itself is used for.
  bool may_be_written() const { return content.source && content.source->role() == SourceRole::kWrittenArray; }
};

// They are known by their nodes. Thread-safe.
class OpenFiles {
 public:
  // `file` must be removed before it goes. Removing what is not there does nothing.
  void add(const OpenFile& file);
  void remove(const OpenFile& file);

  // What `node` was when it was opened, where it is open.
  std::optional<struct stat> attributes(NodeId node) const;

  // Writing::check_complete() of each that `process` writes `node` through.
  Result<void> check_complete(NodeId node, std::uint64_t size, pid_t process) const;

  // Writing::note_truncation() of the one that `process` has opened last; false where it has opened none for writing.
  bool note_truncation(NodeId node, pid_t process) const;

  std::size_t count() const;

 private:
  // Only while mutex_ is held.
  template <typename Visit>
  void visit_writings(NodeId node, pid_t process, Visit visit) const;

  mutable std::shared_mutex mutex_;  // guards files_; a leaf
  std::unordered_multimap<NodeId, const OpenFile*> files_;
};

}  // namespace npyfs
