// The filesystem without FUSE: every operation on the mounted tree as one call.
#pragma once

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/array/array_directory.h"
#include "core/array/view_attributes.h"
#include "core/base/error.h"
#include "core/io/gather.h"
#include "core/paths/source_root.h"
#include "core/array/source_cache.h"
#include "core/tree/control_files.h"
#include "core/tree/invalidation.h"
#include "core/tree/listing.h"
#include "core/tree/node_source.h"
#include "core/tree/nodes.h"
#include "core/tree/open_files.h"
#include "core/watch/source_watch.h"
#include "core/writing/range_locks.h"
#include "core/writing/written_bytes.h"

namespace npyfs {

struct TreeOptions {
  std::uint64_t default_chunks = 1;  // what chunks/ lists
  SourceIo source_io = SourceIo::kAuto;
  std::size_t max_open_sources = 256;
  bool writable = false;
};

// What a lookup finds.
struct Entry {
  NodeId node;
  struct stat attributes;
};

// Thread-safe. Nodes are what the kernel knows by number; an unknown one is kStale.
class Tree {
 public:
  Tree(SourceRoot root, const TreeOptions& options, ControlFiles control_files);

  // Finds `name` in a directory and counts one lookup of what it finds, to be taken back by forget().
  Result<Entry> lookup(NodeId directory_id, std::string_view name);
  void forget(NodeId id, std::uint64_t lookups) noexcept {
    if (nodes_.forget(id, lookups)) watch_.remove(id);
  }

  // kStale for a file whose source has changed since the lookup and that nobody has open: the kernel then looks its
  // name up again by itself (Linux does so for path-based calls that fail with ESTALE). While somebody has it open, it
  // is what was opened. Where others visit, kStale also for a directory or link whose name leads to another one; so do
  // all operations on it and beneath it say.
  Result<struct stat> attributes(NodeId id) const;

  Result<std::string> read_link(NodeId id) const;

  // kStale where the source has changed since the lookup: see attributes().
  Result<std::shared_ptr<const OpenFile>> open(NodeId id);
  // The same for writing, by `process`, or a thread of it. kReadOnly in a mount that is not writable, kNotWritable
  // where the file is not for writing; kBusy and kReleasing as RangeLocks::lock(). The lock ends with the last reference.
  Result<std::shared_ptr<const OpenFile>> open_for_writing(NodeId id, Opening opening, pid_t process);
  // To be called once for each file opened, when it is no longer open: where the kernel has closed it, or has never
  // taken it.
  void close(const OpenFile& file);
  void take_back(const OpenFile& file) { open_files_.remove(file); }

  // See gather(). Asks the disk for what a sequential reader will want next.
  Result<void> read(const OpenFile& file, std::uint64_t offset, std::uint64_t size, Pieces& pieces) const;

  // See OpenForWriting::write(). kReadOnly for a file that was opened for reading alone.
  Result<void> write(const OpenFile& file, std::uint64_t offset, std::span<const std::byte> bytes, bool is_page) const;
  // Returns when the array is on stable storage, or says what became of it.
  Result<void> sync(const OpenFile& file) const;
  // What close() by `process` is to report of what was written through this file: see SourceWriter::flush() and
  // OpenForWriting::check_at_close(), the errors of which alone are kInvalidArgument.
  Result<void> flush(const OpenFile& file, pid_t process);

  // Sizes can be set to what they are, in bytes, once everything was written that a truncation is to be followed by:
  // through `file`, or where that is null (truncate by name) through each that `process` has opened. kInvalidArgument
  // otherwise.
  Result<void> check_new_size(NodeId id, std::uint64_t size, pid_t process, const OpenFile* file) const;
  // O_TRUNC, of which we hear after the open: it means nothing. kInvalidArgument where `process` has not opened the
  // file for writing.
  Result<void> note_truncation(NodeId id, pid_t process) const;

  Result<std::unique_ptr<Listing>> open_directory(NodeId id);

  // The extended attributes of a view; none elsewhere. In a writable mount user.npyfs.written is one of them.
  Result<std::vector<ExtendedAttribute>> extended_attributes(NodeId id) const;

  Result<struct statvfs> filesystem_status(NodeId id) const;

  // See invalidate_changed(). What moved is watched anew first, so that what is found out once it is told is not the
  // last that is heard. What was read of the nodes is in doubt, also where no version moves: a write may have taken
  // longer than is_racy() allows for, and what is stored into a mapping need not move any times.
  void invalidate_changed(const SourceChanges& changes, const std::function<bool(NodeId)>& tell);

  // How often that was called. Where it has moved on since before a lookup, what was found may be old, and the kernel
  // can not have been told if it did not know the node yet.
  std::uint64_t told_changes() const { return told_changes_; }

  // See SourceRoot. To be called before any operation.
  void set_own_device(dev_t device) { root_.set_own_device(device); }

  // The directory open at `root` becomes the root of the source: see SourceRoot::replace(). The caller then passes
  // SourceChanges::everything to invalidate_changed().
  Result<void> replace_root(UniqueFd root);

  // Hears of changes once it was started.
  SourceWatch& watch() { return watch_; }
  const SourceWatch& watch() const { return watch_; }

  RangeLocks& range_locks() { return range_locks_; }
  const WrittenBytes& written_bytes() const { return written_bytes_; }
  SourceCache& sources() { return sources_; }
  const SourceCache& sources() const { return sources_; }
  std::size_t node_count() const { return nodes_.count(); }
  std::uint64_t forgotten_nodes() const { return nodes_.forgotten(); }
  std::size_t open_file_count() const { return open_files_.count(); }
  const SourceRoot& root() const { return root_; }

 private:
  Result<Entry> lookup_mirrored(const Node& directory, std::string_view name);
  Result<Entry> lookup_virtual(const Node& directory, std::string_view name);
  Result<Entry> lookup_control(const Node& directory, std::string_view name);
  Entry found(const Node& node, const struct stat& attributes);

  Result<Node> node(NodeId id) const;
  Result<struct stat> virtual_attributes(const VirtualPath& at, const ArrayState& array) const;
  struct stat mirrored_attributes(const Node& node, const struct stat& status) const;
  Result<struct stat> fresh_attributes(const Node& node) const;
  Result<OpenFile> open_control(NodeId id, const Node& node) const;
  Result<OpenFile> open_source(NodeId id, const Node& node) const;
  // The array that a node of one version is of; kStale if it is another version now.
  Result<ArrayState> array_of(const Node& node) const;
  Result<OpenFile> open_virtual(NodeId id, const Node& node, const ArrayState& array) const;
  std::shared_ptr<const OpenFile> opened(OpenFile file);

  SourceRoot root_;
  const TreeOptions options_;
  const ControlFiles control_files_;
  Nodes nodes_;
  SourceCache sources_;
  const NodeSource node_source_;
  RangeLocks range_locks_;
  WrittenBytes written_bytes_;
  SourceWatch watch_;
  OpenFiles open_files_;  // for the attributes of those whose source has moved on
  std::atomic<std::uint64_t> told_changes_ = 0;
};

}  // namespace npyfs
