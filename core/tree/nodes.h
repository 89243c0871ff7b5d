// The nodes of the tree: files and directories that a lookup has returned, each with the number of lookups that have
// not been taken back. "The client" is who makes these lookups: the kernel, or a test.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/array/virtual_path.h"
#include "core/base/mutex.h"
#include "core/base/node_id.h"
#include "core/base/slab_memory.h"

namespace npyfs {

enum class NodeKind : std::uint8_t {
  kDirectory,         // of the source
  kFile,              // of the source, other than an array
  kOther,             // of the source: link, FIFO, socket, device
  kVirtual,           // an array's directory, and everything below it
  kJoined,            // the same of the array that is joined from the files of the directory at Node::path
  kArchive,           // an archive's directory, and directories in it
  kArchiveFile,       // a file in an archive: source.npz, error.txt, a member that is no array
  kControlDirectory,  // .npyfs/
  kControlFile,
};

// What a node is. Equal nodes have one NodeId.
struct Node {
  NodeKind kind = NodeKind::kDirectory;
  VirtualPath at = {};  // of kVirtual, kJoined; of kControlFile at.name.first is the index of the file
  std::shared_ptr<const std::string> path;  // relative to the root; shared by all nodes of an array; never null
  // The path in the archive that is at `path`, for something in it: an array, a directory or a file. Null otherwise.
  std::shared_ptr<const std::string> member = nullptr;
  // The source that the node stands for: a version or an identity, see pinned_version() and pinned_identity(). 0:
  // whatever is at the path. One number, not a variant: `kind` says which it is, and there are millions of nodes.
  std::uint64_t pin = 0;

  // Whether it is an array's directory, or below one.
  bool is_in_array() const { return kind == NodeKind::kVirtual || kind == NodeKind::kJoined; }
  // Whether the node stands for one version of its source. After a change of the source, a lookup of the name returns
  // another node, so a client that caches bytes by node never mixes bytes of two versions.
  bool is_of_one_version() const;
  // FileVersion::hash() of that version; 0 if the node does not stand for one version.
  std::uint64_t pinned_version() const { return is_of_one_version() ? pin : 0; }
  // With Users::kOthers, SourceStatus::identity() of the node's directory, array or link in the source; otherwise 0. So
  // a node that a client holds never starts to refer to another file that took its name: another user may have no
  // permission to reach that file by this name.
  std::uint64_t pinned_identity() const { return is_of_one_version() ? 0 : pin; }

  // Whether the file at `path` is an archive.
  bool is_of_archive() const { return kind == NodeKind::kArchive || kind == NodeKind::kArchiveFile || member; }
  std::string_view in_archive() const { return member ? std::string_view(*member) : std::string_view(); }

  bool operator==(const Node& other) const;
};

// Thread-safe. About 250 bytes a node. A boost::multi_index_container instead of the three containers would take 15
// bytes less, but its hash tables never give their buckets back: 24 MiB after a million nodes had come and gone.
class Nodes {
 public:
  Nodes();

  // Counts one more lookup of `node` and returns its id: a new one, if no lookup of this node is counted so far.
  NodeId look_up(const Node& node);

  // nullopt for a node that was forgotten, or never looked up.
  std::optional<Node> find(NodeId id) const;

  // Takes back `count` lookups, or all if there are fewer. Removes the node and returns true if none is left. The root
  // is never removed.
  bool forget(NodeId id, std::uint64_t count) noexcept;

  // The id of a node that was looked up; counts no lookup. nullopt as find().
  std::optional<NodeId> id_of(const Node& node) const;

  // All nodes with this Node::path.
  std::vector<NodeId> at(std::string_view path) const;

  // All nodes whose Node::path is below the directory `path` of the source, without those of `path` itself. "" is the
  // root.
  std::vector<NodeId> beneath(std::string_view path) const;

  // A client may cache pages of a node, and these may be stale: older than the version that the node stands for. A mark
  // says so. Each marking has another number, and only the youngest counts. kNotStale: no mark.
  using StaleMark = std::uint32_t;
  static constexpr StaleMark kNotStale = 0;

  struct Opened {
    bool is_first = false;  // since the first lookup
    StaleMark stale_mark = kNotStale;
  };
  // To be called for each open of a node. If the timestamps of its source are racy (see is_racy()), the pages that will
  // be read may be stale, so this marks the node. An unknown node counts as marked.
  Opened note_open(NodeId id, bool is_racy);
  // Marks the cached pages of the node as possibly stale.
  void mark_pages_stale(NodeId id);
  // To be called when the client has dropped the pages that it had when the node had this mark. Removes the mark,
  // unless there is a younger one.
  void clear_stale_mark(NodeId id, StaleMark mark);

  // Nodes now, including the root.
  std::size_t count() const;

  // Nodes removed by forget() so far.
  std::uint64_t forgotten() const;

 private:
  struct Slot {
    Node node;
    NodeId id;
    std::uint64_t lookups;
    bool is_opened = false;  // at some time since the first lookup
    StaleMark stale_mark = kNotStale;
    Slot* previous = nullptr;  // the list of slots with the same path
    Slot* next = nullptr;
  };
  // Hash and equality of slots by their nodes, for index_.
  struct ByNode {
    using is_transparent = void;
    std::size_t operator()(const Node& node) const;
    std::size_t operator()(const Slot* slot) const { return (*this)(slot->node); }
    bool operator()(const Slot* a, const Slot* b) const { return a->node == b->node; }
    bool operator()(const Slot* a, const Node& b) const { return a->node == b; }
    bool operator()(const Node& a, const Slot* b) const { return a == b->node; }
  };

  // The order of paths_: the slots below a directory are neighbours.
  struct ByPath {
    using is_transparent = void;
    bool operator()(const Slot* a, const Slot* b) const { return *a->node.path < *b->node.path; }
    bool operator()(const Slot* a, std::string_view b) const { return *a->node.path < b; }
    bool operator()(std::string_view a, const Slot* b) const { return a < *b->node.path; }
  };
  using Paths = std::pmr::set<Slot*, ByPath>;

  void add_to_paths(Slot& slot) REQUIRES(mutex_);
  void remove_from_paths(const Slot& slot) noexcept REQUIRES(mutex_);
  StaleMark new_mark() REQUIRES(mutex_) { return ++last_mark_ != kNotStale ? last_mark_ : ++last_mark_; }
  void shrink() REQUIRES(mutex_);

  mutable SharedMutex mutex_;  // No other lock is taken while it is held.
  SlabMemory memory_;
  std::pmr::unordered_map<NodeId, Slot> slots_ GUARDED_BY(mutex_){&memory_};
  std::pmr::unordered_set<Slot*, ByNode, ByNode> index_ GUARDED_BY(mutex_){&memory_};
  Paths paths_ GUARDED_BY(mutex_){&memory_};  // the first slot of each path's list
  NodeId next_id_ GUARDED_BY(mutex_) = kRootNode;
  std::uint64_t forgotten_ GUARDED_BY(mutex_) = 0;
  StaleMark last_mark_ GUARDED_BY(mutex_) = kNotStale;
};

}  // namespace npyfs
