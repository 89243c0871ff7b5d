#include "core/tree/invalidation.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "core/base/path_string.h"

namespace npyfs {

void invalidate_changed(const Nodes& nodes, const SourceChanges& changes, const std::function<bool(NodeId)>& notify) {
  const auto notify_all = [&](const std::vector<NodeId>& ids) { return std::ranges::all_of(ids, notify); };
  if (changes.everything) {
    (void)(notify_all(nodes.at("")) && notify_all(nodes.beneath("")));
    return;
  }
  const auto notify_kind = [&](const std::string& path, NodeKind kind) {
    return std::ranges::all_of(nodes.at(path), [&](NodeId id) {
      const auto node = nodes.find(id);
      return !node || node->kind != kind || notify(id);
    });
  };
  for (const auto& path : changes.directories) {
    if (!notify_kind(path, NodeKind::kDirectory)) return;
  }
  std::set<std::string> joined;  // directories
  for (const auto& [path, has_come_or_gone] : changes.paths) {
    if (!path.ends_with(".npy")) continue;
    joined.insert(containing_directory(path));       // the file may be a part
    joined.insert(path.substr(0, path.size() - 4));  // or have the name of what is joined from a directory
  }
  for (const auto& path : joined) {
    if (!notify_kind(path, NodeKind::kJoined)) return;
  }
  for (const auto& [path, has_come_or_gone] : changes.paths) {
    if (!notify_all(nodes.at(path))) return;
    if (has_come_or_gone && !notify_all(nodes.beneath(path))) return;
  }
}

}  // namespace npyfs
