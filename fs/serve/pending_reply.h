// What a reply passes to the kernel (a lookup count, an open file) and must be taken back if the reply is not
// delivered.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "fs/serve/mount_state.h"

namespace npyfs {

// Lookups that the kernel will take back by FORGET once it has the reply; taken back by the destructor otherwise.
class PendingLookups {
 public:
  explicit PendingLookups(Tree& tree) : tree_(tree) {}
  PendingLookups(const PendingLookups&) = delete;
  PendingLookups& operator=(const PendingLookups&) = delete;
  ~PendingLookups() {
    for (const NodeId node : nodes_) tree_.forget(node, 1);
  }

  // Tree::lookup(). Makes room for the node first, so that nothing can fail once the lookup has been counted.
  Result<Entry> lookup(NodeId directory, std::string_view name) {
    constexpr NodeId kNone = 0;  // no node: forgetting it does nothing
    nodes_.push_back(kNone);
    auto entry = tree_.lookup(directory, name);
    if (entry) nodes_.back() = entry->node;
    return entry;
  }
  // The kernel has the reply.
  void delivered() { nodes_.clear(); }

 private:
  Tree& tree_;
  std::vector<NodeId> nodes_;
};

// An open file that the kernel will give back by RELEASE once it has the reply; closed by the destructor otherwise.
class PendingOpen {
 public:
  PendingOpen(MountState& mount, std::shared_ptr<const OpenFile> file) : mount_(mount), file_(std::move(file)) {}
  PendingOpen(const PendingOpen&) = delete;
  PendingOpen& operator=(const PendingOpen&) = delete;
  ~PendingOpen() {
    if (!file_) return;
    mount_.files.remove(handle_);
    if (asked_for_backing_file_) mount_.passthrough.close(*file_);
    mount_.tree.take_back(*file_);
  }

  // The number under which the kernel will know the file. To be called once.
  std::uint64_t handle() { return handle_ = mount_.files.add(file_); }
  // Passthrough::open() of the file. To be called once.
  std::optional<std::int32_t> backing_file() {
    const auto opened = mount_.passthrough.open(*file_);
    asked_for_backing_file_ = true;
    return opened;
  }
  const OpenFile& operator*() const { return *file_; }
  // The kernel has the reply.
  void delivered() { file_ = nullptr; }

 private:
  MountState& mount_;
  std::shared_ptr<const OpenFile> file_;
  std::uint64_t handle_ = 0;  // no handle
  bool asked_for_backing_file_ = false;
};

}  // namespace npyfs
