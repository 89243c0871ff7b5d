// What a reply hands over to the kernel: taken back at the end of the scope, unless the kernel has taken the reply.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "fs/serve/mount_state.h"

namespace npyfs {

// Lookups that the kernel will give back by FORGET once it knows of them.
class PendingLookups {
 public:
  explicit PendingLookups(Tree& tree) : tree_(tree) {}
  PendingLookups(const PendingLookups&) = delete;
  PendingLookups& operator=(const PendingLookups&) = delete;
  ~PendingLookups() {
    for (const NodeId node : nodes_) tree_.forget(node, 1);
  }

  // Tree::lookup. Room is made first, so that nothing can fail once the lookup has been counted.
  Result<Entry> lookup(NodeId directory, std::string_view name) {
    constexpr NodeId kNone = 0;  // no node: forgetting it is nothing
    nodes_.push_back(kNone);
    auto entry = tree_.lookup(directory, name);
    if (entry) nodes_.back() = entry->node;
    return entry;
  }
  void hand_over() { nodes_.clear(); }

 private:
  Tree& tree_;
  std::vector<NodeId> nodes_;
};

// An open file that the kernel will give back by RELEASE.
class PendingOpen {
 public:
  PendingOpen(MountState& filesystem, std::shared_ptr<const OpenFile> file)
      : filesystem_(filesystem), file_(std::move(file)) {}
  PendingOpen(const PendingOpen&) = delete;
  PendingOpen& operator=(const PendingOpen&) = delete;
  ~PendingOpen() {
    if (!file_) return;
    filesystem_.files.remove(handle_);
    filesystem_.tree.take_back(*file_);
  }

  // The number by which the kernel will know it. To be called once.
  std::uint64_t handle() { return handle_ = filesystem_.files.add(file_); }
  const OpenFile& operator*() const { return *file_; }
  void hand_over() { file_ = nullptr; }

 private:
  MountState& filesystem_;
  std::shared_ptr<const OpenFile> file_;
  std::uint64_t handle_ = 0;  // no handle
};

}  // namespace npyfs
