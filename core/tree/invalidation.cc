#include "core/tree/invalidation.h"

#include <algorithm>
#include <vector>

namespace npyfs {

void invalidate_changed(const Nodes& nodes, const SourceChanges& changes, const std::function<bool(NodeId)>& tell) {
  const auto told = [&](const std::vector<NodeId>& ids) { return std::ranges::all_of(ids, tell); };
  if (changes.everything) {
    (void)(told(nodes.at("")) && told(nodes.beneath("")));
    return;
  }
  for (const auto& path : changes.directories) {
    for (const NodeId id : nodes.at(path)) {
      const auto node = nodes.find(id);
      if (node && node->kind == NodeKind::kDirectory && !tell(id)) return;
    }
  }
  for (const auto& [path, has_come_or_gone] : changes.paths) {
    if (!told(nodes.at(path))) return;
    if (has_come_or_gone && !told(nodes.beneath(path))) return;
  }
}

}  // namespace npyfs
