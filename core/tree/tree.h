// Every operation on the mounted tree as one call.
#pragma once

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/array/array_directory.h"
#include "core/array/array_name.h"
#include "core/array/joined_arrays.h"
#include "core/array/view_attributes.h"
#include "core/base/error.h"
#include "core/io/copy_thread.h"
#include "core/io/gather.h"
#include "core/io/prefetcher.h"
#include "core/paths/source_root.h"
#include "core/tree/control_files.h"
#include "core/tree/invalidation.h"
#include "core/tree/kept_files.h"
#include "core/tree/listing.h"
#include "core/tree/node_source.h"
#include "core/tree/nodes.h"
#include "core/tree/open_files.h"
#include "core/tree/recent_views.h"
#include "core/watch/source_watch.h"
#include "core/writing/range_locks.h"
#include "core/writing/written_bytes.h"

namespace npyfs {

struct TreeOptions {
  std::uint64_t default_chunks = 1;  // what chunks/ lists
  SourceIo source_io = SourceIo::kAuto;
  std::size_t max_open_sources = 256;
  bool writable = false;
  // Nobody changes the source while the tree lives. Files stay open between reads, and one that is open needs no look
  // at the source; once a read sees a change of its sources, it is kStale, and so are later reads. Not if writable.
  bool immutable = false;
  // See RangeLocks: called after each file that was open for writing has been released.
  std::function<void()> after_release = [] {};
  ArraySuffixes suffixes = {};  // of further arrays
  // How long the parts of a joined array count as known: see JoinedArrays.
  JoinedArrays::Clock::duration parts_known_for = std::chrono::seconds(1);
};

// What a lookup finds.
struct Entry {
  NodeId node;
  struct stat attributes;
  // A text that was generated for this lookup alone: who opens the file again must look its name up again.
  bool is_for_one_open = false;
};

// Nodes are numbers that lookup() returns and forget() takes back (Nodes); every operation on an unknown node is
// kStale. Thread-safe, except for set_own_device().
class Tree {
 public:
  Tree(SourceRoot root, const TreeOptions& options, ControlFiles control_files);

  // Finds `name` in a directory and counts one lookup of the node that it finds, to be taken back by forget().
  Result<Entry> lookup(NodeId directory_id, std::string_view name);
  void forget(NodeId id, std::uint64_t lookups) noexcept {
    if (!nodes_.forget(id, lookups)) return;
    watch_.remove(id);
    if (options_.immutable) kept_->remove(id);
  }

  // kStale for a file that is not open and whose source has changed since the lookup: the caller looks the name up
  // again (Linux does so by itself for path-based calls that fail with ESTALE). While a file is open, its attributes
  // are those of the time of the open. With Users::kOthers, kStale also for a directory or link whose name now leads to
  // another one. All operations on or below it then return kStale.
  Result<struct stat> attributes(NodeId id) const;

  Result<std::string> read_link(NodeId id) const;

  // kStale if the source has changed since the lookup: see attributes().
  Result<std::shared_ptr<const OpenFile>> open(NodeId id);
  // Only if TreeOptions::immutable, for a client that reads without opening: the same file as long as it is used, which
  // is not to be closed. Errors as open().
  Result<std::shared_ptr<const OpenFile>> open_kept(NodeId id) const;
  // Notes that such a client is about to read the file. Whether that is so for the first time since the first lookup.
  bool note_first_read(NodeId id) { return nodes_.note_open(id, false).is_first; }
  // The same for writing, by `process`, which may be a thread. kReadOnly if the mount is not writable, kNotWritable if
  // the file cannot be written; kBusy and kReleasing as RangeLocks::lock(). The last reference to the file releases the
  // lock.
  Result<std::shared_ptr<const OpenFile>> open_for_writing(NodeId id, Opening opening, pid_t process);
  // One of these must be called once for each opened file. close(): the client got the file and has closed it.
  // take_back(): the client never got it.
  void close(const OpenFile& file);
  void take_back(const OpenFile& file) { open_files_.remove(file); }
  // From now on the client reads the source file in place of `file`, which must be OpenFile::is_whole_file(): the
  // attributes of its node are those of the source file, until it is closed.
  void note_passthrough(const OpenFile& file) { open_files_.note_passthrough(file); }

  // See gather(). Asks the disk for what a sequential reader will want next. A file that was truncated is filled first,
  // unless `process`, who reads, has emptied it himself: see OpenForWriting::keep_rows_for(). `process` may be a
  // thread; 0 if it is not known.
  Result<void> read(const OpenFile& file, std::uint64_t offset, std::uint64_t size, Pieces& pieces,
                    pid_t process = 0) const;

  // Whether a file can be opened for writing, while no other view is in the way.
  bool can_be_written(NodeId id);

  // See OpenForWriting::write(). kReadOnly for a file that was opened for reading alone.
  Result<void> write(const OpenFile& file, std::uint64_t offset, std::span<const std::byte> bytes) const;
  // Returns when the array is on stable storage, or says what became of it.
  Result<void> sync(const OpenFile& file) const;
  // What close() is to report of what was written through this file: see OpenForWriting::flush().
  Result<void> flush(const OpenFile& file);

  // Sizes can be set to what they are, in bytes. ftruncate() to 0 through `file` empties it as O_TRUNC does if
  // OpenForWriting::may_be_emptied(). kInvalidArgument otherwise; `file` is null for truncate() by name.
  Result<void> set_size(NodeId id, std::uint64_t size, const OpenFile* file) const;
  // O_TRUNC, of which we hear after the open. kInvalidArgument where `process` has not opened the file for writing.
  Result<void> note_truncation(NodeId id, pid_t process) const;

  Result<std::unique_ptr<Listing>> open_directory(NodeId id);

  // The extended attributes of a view; empty for other nodes. Includes user.npyfs.written if the mount is writable.
  Result<std::vector<ExtendedAttribute>> extended_attributes(NodeId id) const;

  Result<struct statvfs> filesystem_status(NodeId id) const;

  // See npyfs::invalidate_changed(). First sets the watches of moved directories again: the client asks for attributes
  // as soon as it is notified, and later changes must be seen, too. Marks the pages of all these nodes as possibly
  // stale, even if the version of the source is the same: a write may have taken longer than is_racy() assumes, and
  // stores into a mapping need not change any timestamp.
  void invalidate_changed(const SourceChanges& changes, const std::function<bool(NodeId)>& notify);

  // How often invalidate_changed() was called. If the number has changed since before a lookup, the attributes that the
  // lookup found may be old, and the client was not notified if it did not know the node yet.
  std::uint64_t notified_changes() const { return notified_changes_; }

  // See PathResolver::set_own_device(). To be called before any operation. Not an argument of the constructor: the
  // device exists only once the filesystem is mounted, and mounting it needs the tree.
  void set_own_device(dev_t device) { root_.set_own_device(device); }

  // Makes the directory open at `root` the root of the source: see PathResolver::replace(). The caller must then pass
  // SourceChanges::everything to invalidate_changed().
  Result<void> replace_root(UniqueFd root);

  // The source's absolute path, for messages, and its mount: see SourceRoot::mount().
  std::string source_path() const { return root_.absolute(""); }
  SourceMount source_mount(std::string mountpoint) const { return root_.mount(std::move(mountpoint)); }

  // Public, because its owner decides whether and when to start it, and waits for changes in a thread of its own.
  SourceWatch& watch() { return watch_; }

  // Public to be read, because they have questions of their own to answer: which views are open for writing, and how
  // much was written into each.
  const RangeLocks& range_locks() const { return range_locks_; }
  const WrittenBytes& written_bytes() const { return written_bytes_; }

  // See SourceCache::close_unused_since() and KeptFiles::remove_unused_since().
  void close_unused_sources(SourceCache::Clock::time_point deadline) {
    kept_->remove_unused_since(deadline);
    (void)sources_.close_unused_since(deadline);
  }

  std::size_t node_count() const { return nodes_.count(); }
  std::uint64_t forgotten_nodes() const { return nodes_.forgotten(); }
  std::size_t open_file_count() const { return open_files_.count(); }
  // One that is in both counts twice.
  std::size_t open_source_count() const { return sources_.count() + kept_->source_count(); }
  std::size_t mapping_count() const { return sources_.mappings(); }
  std::size_t watched_directory_count() const { return watch_.count(); }

 private:
  Result<Entry> lookup_mirrored(const Node& directory, std::string_view name);
  Result<Entry> lookup_virtual(const Node& directory, std::string_view name);
  Result<Entry> lookup_joined(const Node& directory, std::string_view name);
  Result<Entry> lookup_archive(const Node& directory, std::string_view name);
  Result<Entry> lookup_control(const Node& directory, std::string_view name);
  Entry found(const Node& node, const struct stat& attributes);

  // read() of what the sources hold now.
  Result<void> read_now(const OpenFile& file, std::uint64_t offset, std::uint64_t size, Pieces& pieces,
                        pid_t process) const;
  // The same with TreeOptions::immutable: kStale once a source has changed since the file was opened.
  Result<void> read_unless_changed(const OpenFile& file, std::uint64_t offset, std::uint64_t size, Pieces& pieces,
                                   pid_t process) const;
  // For a read of these bytes: see read().
  Result<void> fill_with_zeros(const OpenFile& file, Extent wanted, pid_t process) const;
  // Has the bytes read that a sequential reader will want after these.
  void prefetch(const OpenFile& file, Extent wanted) const;
  // read() of a file that grows, of which bytes are wanted that it did not have when it was opened.
  Result<void> read_to_present_end(const OpenFile& file, std::uint64_t offset, std::uint64_t size,
                                   Pieces& pieces) const;
  Result<Node> node(NodeId id) const;
  Result<struct stat> virtual_attributes(const VirtualPath& at, const ArrayState& array) const;
  // Of a file whose content has `size` bytes.
  struct stat virtual_file_attributes(const VirtualPath& at, const ArrayState& array, std::uint64_t size) const;
  struct stat mirrored_attributes(const Node& node, const struct stat& status) const;
  Result<struct stat> fresh_attributes(const Node& node) const;
  // kStale if the archive no longer has what the node stands for.
  Result<struct stat> archive_attributes(const Node& node, const ArchiveState& state) const;
  // What the file `node` in an archive holds.
  Result<View> archive_content(const Node& node, const ArchiveState& state) const;
  Result<OpenFile> open_in_archive(NodeId id, const Node& node) const;
  Result<std::unique_ptr<Listing>> open_archive(const Node& node) const;
  // Opens what is at the node now.
  Result<OpenFile> open_now(NodeId id) const;
  Entry control_file_of_its_own(const Node& directory, std::uint64_t index);
  Result<OpenFile> open_control(NodeId id, const Node& node) const;
  Result<OpenFile> open_source(NodeId id, const Node& node) const;
  // The array of a node that stands for one version; kStale if it is another version now.
  Result<ArrayState> array_of(const Node& node) const;
  Result<View> view_of(NodeId id, const Node& node, const ArrayState& array) const;
  Result<OpenFile> open_virtual(NodeId id, const Node& node, const ArrayState& array) const;
  std::shared_ptr<const OpenFile> opened(OpenFile file);
  void distrust_joined(const SourceChanges& changes);
  void distrust_parts(NodeId id) const;

  SourceRoot root_;
  const TreeOptions options_;
  const ControlFiles control_files_;
  Nodes nodes_;
  SourceCache sources_;
  JoinedArrays joined_;
  const NodeSource node_source_;
  RangeLocks range_locks_;
  WrittenBytes written_bytes_;
  SourceWatch watch_;
  OpenFiles open_files_;
  const std::unique_ptr<KeptFiles> kept_;  // empty unless immutable
  const std::unique_ptr<RecentViews> recent_views_ = std::make_unique<RecentViews>();
  std::atomic<std::uint64_t> control_lookups_ = 0;
  const std::unique_ptr<Prefetcher> prefetcher_ = std::make_unique<Prefetcher>();
  const std::unique_ptr<CopyThread> copy_thread_ = std::make_unique<CopyThread>();
  std::atomic<std::uint64_t> notified_changes_ = 0;
};

}  // namespace npyfs
