// The open files of the tree.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/array/view.h"
#include "core/base/error.h"
#include "core/base/mutex.h"
#include "core/io/read_ahead.h"
#include "core/tree/nodes.h"
#include "core/writing/open_for_writing.h"

namespace npyfs {

// An open file. Its bytes and attributes are those of the moment when it was opened, except that a file that `grows`
// has more. Immutable, except for read_ahead, has_changed and writing, which are thread-safe.
struct OpenFile {
  NodeId node;
  View view;
  struct stat attributes;
  bool is_generated_anew;       // a control file: each open makes a new text
  bool is_racy = false;         // see is_racy(): at the time of the open
  bool may_be_written = false;  // writes through this mount may change its bytes
  bool grows = false;           // a file of the source other than an array: also has what is appended to it later
  bool is_first_open = false;   // of this node since its first lookup
  // Pages of the node that the client has cached may stay at this open only if this is kNotStale.
  Nodes::StaleMark stale_mark = Nodes::kNotStale;
  // Null for a small view: nothing is read ahead there.
  std::shared_ptr<ReadAhead> read_ahead = view.is_small() ? nullptr : std::make_shared<ReadAhead>();
  // With TreeOptions::immutable: whether a read has seen that a source changed. All open files of a node that were
  // opened before that share it. Null for texts that are generated anew.
  std::shared_ptr<std::atomic<bool>> has_changed = nullptr;
  std::uint64_t serial = 0;                                 // see next_open_serial()
  std::shared_ptr<const OpenForWriting> writing = nullptr;  // null if it was opened for reading alone

  std::uint64_t size() const { return view.size(); }
  // The source file. Only for files that are open, with bytes of one source.
  const SourceFile& source() const { return *view.segments.front().file; }
  // Whether its bytes are those of one source file, from the first to the last, whatever they mean, and no write
  // through this mount changes them. The client may then read the source file in its place (passthrough).
  bool is_whole_file() const;
  // `attributes`, or those of the file as it is now if it grows.
  struct stat current_attributes() const;
  // Those of the source file as it is now, also if it has become shorter.
  struct stat source_attributes() const;
  // The path of the source, or of the first one of several, for messages. Only for files with bytes of the source.
  std::string source_path() const { return view.segments.front().path(); }

 private:
  // Those of the source file now, with a size of `least_size` bytes at least.
  struct stat attributes_now(std::uint64_t least_size) const;
};

// All open files, by node. Thread-safe.
class OpenFiles {
 public:
  // Keeps a pointer to `file` until remove(). remove() of a file that is not there does nothing.
  void add(const OpenFile& file);
  void remove(const OpenFile& file);

  // From now on the client reads the source file in place of `file`, which was added.
  void note_passthrough(const OpenFile& file);

  // The attributes of one open file of `node`: OpenFile::source_attributes() if the client reads the source file,
  // current_attributes() otherwise; nullopt if none is open.
  std::optional<struct stat> attributes(NodeId node) const;

  // Who has `node` open for writing; in no order.
  std::vector<std::shared_ptr<const OpenForWriting>> writings(NodeId node) const;

  std::size_t count() const;

 private:
  struct Entry {
    const OpenFile* file;
    bool is_passthrough = false;
  };

  mutable SharedMutex mutex_;  // a leaf: no other lock is taken while it is held
  std::unordered_multimap<NodeId, Entry> files_ GUARDED_BY(mutex_);
};

}  // namespace npyfs
