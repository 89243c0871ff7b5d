#include "core/tree/nodes.h"

#include <functional>
#include <new>
#include <utility>

#include "core/base/hash.h"

namespace npyfs {

bool Node::is_of_one_version() const {
  if (kind == NodeKind::kFile || kind == NodeKind::kArchiveFile) return true;
  // A directory below a view counts rows, so it is valid for one shape of the array only.
  return is_in_array() && (!is_directory(at.name) || at.is_below_view());
}

bool Node::operator==(const Node& other) const {
  return kind == other.kind && pin == other.pin && at == other.at && (path == other.path || *path == *other.path) &&
         (member == other.member || in_archive() == other.in_archive()) && !member == !other.member;
}

std::size_t Nodes::ByNode::operator()(const Node& node) const {
  const std::uint64_t path = std::hash<std::string>()(*node.path);
  const std::uint64_t hash = mix(mix(mix(static_cast<std::uint64_t>(node.kind), path), node.at.hash()), node.pin);
  return node.member ? mix(hash, std::hash<std::string>()(*node.member)) : hash;
}

Nodes::Nodes() {
  look_up(Node{.kind = NodeKind::kDirectory, .path = std::make_shared<const std::string>()});
}

NodeId Nodes::look_up(const Node& node) {
  const WriterLock lock(mutex_);
  if (const auto found = index_.find(node); found != index_.end()) {
    ++(*found)->lookups;
    return (*found)->id;
  }
  const NodeId id = next_id_++;
  const auto added = slots_.emplace(id, Slot{.node = node, .id = id, .lookups = 1}).first;
  try {
    index_.insert(&added->second);
    add_to_paths(added->second);
  } catch (...) {
    index_.erase(&added->second);
    slots_.erase(added);
    throw;
  }
  return id;
}

std::optional<Node> Nodes::find(NodeId id) const {
  const ReaderLock lock(mutex_);
  const auto found = slots_.find(id);
  if (found == slots_.end()) return std::nullopt;
  return found->second.node;
}

bool Nodes::forget(NodeId id, std::uint64_t count) noexcept {
  const WriterLock lock(mutex_);
  const auto found = slots_.find(id);
  if (found == slots_.end() || id == kRootNode) return false;
  Slot& slot = found->second;
  if (slot.lookups > count) {
    slot.lookups -= count;
    return false;
  }
  index_.erase(&slot);
  remove_from_paths(slot);
  slots_.erase(found);
  ++forgotten_;
  shrink();
  return true;
}

std::optional<NodeId> Nodes::id_of(const Node& node) const {
  const ReaderLock lock(mutex_);
  const auto found = index_.find(node);
  if (found == index_.end()) return std::nullopt;
  return (*found)->id;
}

void Nodes::add_to_paths(Slot& slot) {
  const auto [first, is_new] = paths_.insert(&slot);
  if (is_new) return;
  slot.previous = *first;
  slot.next = (*first)->next;
  if (slot.next != nullptr) slot.next->previous = &slot;
  (*first)->next = &slot;
}

void Nodes::remove_from_paths(const Slot& slot) noexcept {
  if (slot.next != nullptr) slot.next->previous = slot.previous;
  if (slot.previous != nullptr) {
    slot.previous->next = slot.next;
  } else if (slot.next == nullptr) {
    paths_.erase(paths_.find(*slot.node.path));
  } else {
    auto first = paths_.extract(paths_.find(*slot.node.path));  // the set's node is reused, so nothing can fail
    first.value() = slot.next;
    paths_.insert(std::move(first));
  }
}

std::vector<NodeId> Nodes::at(std::string_view path) const {
  std::vector<NodeId> ids;
  const ReaderLock lock(mutex_);
  const auto first = paths_.find(path);
  if (first == paths_.end()) return ids;
  for (const Slot* slot = *first; slot != nullptr; slot = slot->next) ids.push_back(slot->id);
  return ids;
}

std::vector<NodeId> Nodes::beneath(std::string_view path) const {
  const std::string prefix = path.empty() ? std::string() : std::string(path) + "/";
  std::vector<NodeId> ids;
  const ReaderLock lock(mutex_);
  auto first = prefix.empty() ? paths_.upper_bound(prefix) : paths_.lower_bound(prefix);
  for (; first != paths_.end() && (*first)->node.path->starts_with(prefix); ++first) {
    for (const Slot* slot = *first; slot != nullptr; slot = slot->next) ids.push_back(slot->id);
  }
  return ids;
}

Nodes::Opened Nodes::note_open(NodeId id, bool is_racy) {
  const WriterLock lock(mutex_);
  const auto found = slots_.find(id);
  if (found == slots_.end()) return {.stale_mark = new_mark()};
  Slot& slot = found->second;
  if (is_racy) slot.stale_mark = new_mark();
  return {.is_first = !std::exchange(slot.is_opened, true), .stale_mark = slot.stale_mark};
}

void Nodes::mark_pages_stale(NodeId id) {
  const WriterLock lock(mutex_);
  if (const auto found = slots_.find(id); found != slots_.end()) found->second.stale_mark = new_mark();
}

void Nodes::clear_stale_mark(NodeId id, StaleMark mark) {
  const WriterLock lock(mutex_);
  const auto found = slots_.find(id);
  if (found != slots_.end() && found->second.stale_mark == mark) found->second.stale_mark = kNotStale;
}

// After a million nodes have gone, the hash tables give their buckets back. If there is no memory for smaller tables,
// they stay as they are.
void Nodes::shrink() {
  constexpr std::size_t kSmall = 4096;
  if (slots_.bucket_count() < kSmall || slots_.size() > slots_.bucket_count() / 8) return;
  try {
    slots_.rehash(0);
    index_.rehash(0);
  } catch (const std::bad_alloc&) {
    return;
  }
}

std::uint64_t Nodes::forgotten() const {
  const ReaderLock lock(mutex_);
  return forgotten_;
}

std::size_t Nodes::count() const {
  const ReaderLock lock(mutex_);
  return slots_.size();
}

}  // namespace npyfs
