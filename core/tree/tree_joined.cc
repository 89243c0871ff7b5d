// The operations of a tree on arrays that are joined from the files of a directory.
#include "core/base/path_string.h"
#include "core/tree/tree.h"

namespace npyfs {

Result<Entry> Tree::lookup_joined(const Node& directory, std::string_view name) {
  const auto node = node_source_.joined_node(directory, name);
  if (!node) return std::unexpected(node.error());
  const auto status = node_source_.status(*node);
  if (!status) return std::unexpected(status.error());
  return found(*node, mirrored_attributes(*node, *status));
}

// After a change, the next use of an array looks at its parts again.
void Tree::distrust_joined(const SourceChanges& changes) {
  if (changes.everything) joined_.distrust_all();
  for (const auto& [path, has_come_or_gone] : changes.paths) joined_.distrust(containing_directory(path));
}

// After an error of a view, which may have seen that a part has changed.
void Tree::distrust_parts(NodeId id) const {
  const auto node = nodes_.find(id);
  if (node && node->kind == NodeKind::kJoined) joined_.distrust(*node->path);
}

}  // namespace npyfs
