// The files and directories that the kernel knows of, and how often it knows them.
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

#include "core/base/mutex.h"
#include "core/base/node_id.h"
#include "core/base/slab_memory.h"
#include "core/array/virtual_path.h"

namespace npyfs {

enum class NodeKind : std::uint8_t {
  kDirectory,         // of the source
  kFile,              // of the source, other than an array
  kOther,             // of the source: link, FIFO, socket, device
  kVirtual,           // an array's directory, and everything below it
  kControlDirectory,  // .npyfs/
  kControlFile,
};

// What a node is. Equal nodes have one NodeId.
struct Node {
  NodeKind kind = NodeKind::kDirectory;
  VirtualPath at = {};                      // kVirtual; of kControlFile at.name.first is the file's index
  std::shared_ptr<const std::string> path;  // in the source; shared by all nodes of an array; never null
  // Which source the node is of, in which state: see pinned_version() and pinned_identity(). 0: whatever has its name.
  std::uint64_t pin = 0;

  // Whether the node is of one version of its source. Once the source has changed, the name leads to another node, so the
  // page cache never mixes pages of two versions.
  bool is_of_one_version() const;
  // FileVersion::hash() of that version; 0 otherwise.
  std::uint64_t pinned_version() const { return is_of_one_version() ? pin : 0; }
  // SourceStatus::identity() of the directory, array or link of the source that the node is of, if other users come in: a
  // held inode never starts to refer to another file that took its name, which they might not reach by that name. 0
  // otherwise.
  std::uint64_t pinned_identity() const { return is_of_one_version() ? 0 : pin; }

  bool operator==(const Node& other) const;
};

// Thread-safe.
class Nodes {
 public:
  Nodes();

  // The id of `node`, new or not, with one more lookup counted.
  NodeId look_up(const Node& node);

  // Empty where the kernel has forgotten the node, or never knew it.
  std::optional<Node> find(NodeId id) const;

  // Takes back `count` lookups; at 0 the node is gone, and true is returned. More than there were count as all of them.
  // The root stays.
  bool forget(NodeId id, std::uint64_t count) noexcept;

  // The id of a node that the kernel knows; no lookup is counted.
  std::optional<NodeId> id_of(const Node& node) const;

  // All nodes whose `path` is this one.
  std::vector<NodeId> at(std::string_view path) const;

  // All nodes whose path lies beneath the directory `path` of the source; "" is its root, whose own are not among them.
  std::vector<NodeId> beneath(std::string_view path) const;

  // Names one reason to think that the kernel has pages of a node that are older than its version. kNoDoubt is none.
  using Doubt = std::uint32_t;
  static constexpr Doubt kNoDoubt = 0;

  struct Opened {
    bool is_first = false;   // since the first lookup
    Doubt doubt = kNoDoubt;  // of the pages that the kernel may have
  };
  // To be called with each open of a node. Where the timestamps of its source are racy (see is_racy()), the pages that
  // are read are in doubt from then on.
  Opened note_open(NodeId id, bool is_racy);
  // The pages of the node may be older than its version.
  void doubt_pages(NodeId id);
  // The kernel has dropped its pages of the node while that doubt was there; younger ones remain.
  void end_doubt(NodeId id, Doubt doubt);

  // Nodes that the kernel knows now, the root among them.
  std::size_t count() const;

  // Nodes that the kernel has forgotten so far.
  std::uint64_t forgotten() const;

 private:
  struct Slot {
    Node node;
    NodeId id;
    std::uint64_t lookups;
    bool is_opened = false;    // at some time since the first lookup
    Doubt doubt = kNoDoubt;    // the youngest of its pages
    Slot* previous = nullptr;  // of those with the same path
    Slot* next = nullptr;
  };
  // The index looks slots up by what their nodes are.
  struct ByNode {
    using is_transparent = void;
    std::size_t operator()(const Node& node) const;
    std::size_t operator()(const Slot* slot) const { return (*this)(slot->node); }
    bool operator()(const Slot* a, const Slot* b) const { return a->node == b->node; }
    bool operator()(const Slot* a, const Node& b) const { return a->node == b; }
    bool operator()(const Node& a, const Slot* b) const { return a == b->node; }
  };

  // The first slots of each path, in the order of paths, so that those beneath a directory stand together.
  struct ByPath {
    using is_transparent = void;
    bool operator()(const Slot* a, const Slot* b) const { return *a->node.path < *b->node.path; }
    bool operator()(const Slot* a, std::string_view b) const { return *a->node.path < b; }
    bool operator()(std::string_view a, const Slot* b) const { return a < *b->node.path; }
  };
  using Paths = std::pmr::set<Slot*, ByPath>;

  void add_to_paths(Slot& slot) REQUIRES(mutex_);
  void remove_from_paths(const Slot& slot) noexcept REQUIRES(mutex_);
  Doubt new_doubt() REQUIRES(mutex_) { return ++last_doubt_ != kNoDoubt ? last_doubt_ : ++last_doubt_; }
  void shrink() REQUIRES(mutex_);

  mutable SharedMutex mutex_;  // a leaf: no other lock is taken while it is held
  SlabMemory memory_;
  std::pmr::unordered_map<NodeId, Slot> slots_ GUARDED_BY(mutex_){&memory_};
  std::pmr::unordered_set<const Slot*, ByNode, ByNode> index_ GUARDED_BY(mutex_){&memory_};
  Paths paths_ GUARDED_BY(mutex_){&memory_};
  NodeId next_id_ GUARDED_BY(mutex_) = kRootNode;
  std::uint64_t forgotten_ GUARDED_BY(mutex_) = 0;
  Doubt last_doubt_ GUARDED_BY(mutex_) = kNoDoubt;
};

}  // namespace npyfs
