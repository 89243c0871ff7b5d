#include "core/tree/invalidation.h"

#include <algorithm>
#include <vector>

namespace npyfs {

void invalidate_changed(const Nodes& nodes, const SourceChanges& changes, const std::function<bool(NodeId)>& notify) {
  const auto notify_all = [&](const std::vector<NodeId>& ids) { return std::ranges::all_of(ids, notify); };
  if (changes.everything) {
    (void)(notify_all(nodes.at("")) && notify_all(nodes.beneath("")));
    return;
  }
  for (const auto& path : changes.directories) {
    for (const NodeId id : nodes.at(path)) {
      const auto node = nodes.find(id);
      if (node && node->kind == NodeKind::kDirectory && !notify(id)) return;
    }
  }
  for (const auto& [path, has_come_or_gone] : changes.paths) {
    if (!notify_all(nodes.at(path))) return;
    if (has_come_or_gone && !notify_all(nodes.beneath(path))) return;
  }
}

}  // namespace npyfs
