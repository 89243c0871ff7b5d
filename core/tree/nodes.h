// The files and directories that the kernel knows of, and how often it knows them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/base/node_id.h"
#include "core/base/slab_memory.h"
#include "core/slice/path_grammar.h"

namespace npyfs {

enum class NodeKind : std::uint8_t {
  kDirectory,         // of the source
  kFile,              // of the source, other than an array
  kOther,             // of the source: link, FIFO, socket, device
  kPlace,             // an array's directory, and all below it
  kControlDirectory,  // .npyfs/
  kControlFile,
};

// What a node is. Equal nodes have one NodeId.
struct Node {
  NodeKind kind = NodeKind::kDirectory;
  Place place = {};                         // kPlace; for kControlFile place.first is the file's index
  std::shared_ptr<const std::string> path;  // in the source; shared by all places of an array; never null
  // The state of the source that a file's bytes and size belong to (FileVersion::hash): once it has moved on, the name
  // leads to another node. So the kernel never mixes pages of two versions. Where others visit, which directory, array
  // or link of the source it is otherwise (SourceStatus::identity): whoever holds it gets to no other that has taken
  // its name, where he might not get by that name. 0 elsewhere, and for the root.
  std::uint64_t version = 0;
  // For directories below an array, which may have several spellings while the kernel knows a directory by one name
  // only.
  NodeId parent = 0;

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

  void add_to_paths(Slot& slot);
  void remove_from_paths(const Slot& slot) noexcept;
  Doubt new_doubt() { return ++last_doubt_ != kNoDoubt ? last_doubt_ : ++last_doubt_; }
  void shrink();

  mutable std::shared_mutex mutex_;  // guards all below; a leaf: nothing else is locked under it
  SlabMemory memory_;
  std::pmr::unordered_map<NodeId, Slot> slots_{&memory_};
  std::pmr::unordered_set<const Slot*, ByNode, ByNode> index_{&memory_};
  Paths paths_{&memory_};
  NodeId next_id_ = kRootNode;
  std::uint64_t forgotten_ = 0;
  Doubt last_doubt_ = kNoDoubt;
};

}  // namespace npyfs
