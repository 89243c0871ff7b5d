// What a node of the tree is in the source, at this moment.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/array/array_directory.h"
#include "core/base/error.h"
#include "core/paths/source_root.h"
#include "core/array/source_cache.h"
#include "core/tree/nodes.h"

namespace npyfs {

// Thread-safe.
class NodeSource {
 public:
  NodeSource(const SourceRoot& root, SourceCache& sources) : root_(root), sources_(sources) {}

  // The node of `path` in the source, which has just been seen to have this status. Where only the owner comes, who may
  // follow every change, it is pinned to nothing but the version of a file.
  Node node_at(std::string path, const SourceStatus& status) const;

  // The source of a node as it is now; kStale where its name has come to mean something of another kind, another than
  // the node is pinned to, or another version of a file.
  Result<SourceStatus> status(const Node& node) const;

  // The file, opened, that has been seen to have this status; kStale where it is another version by now.
  Result<std::shared_ptr<const SourceFile>> file(const Node& node, const struct stat& status) const;

  // The array as it is now, opened. The status is that of the opened file, where it could be opened.
  Result<ArrayState> array(const Node& node) const;

 private:
  const SourceRoot& root_;
  SourceCache& sources_;
};

// That the source of a node has changed since it was looked up.
std::unexpected<Error> stale(const Node& node);

}  // namespace npyfs
