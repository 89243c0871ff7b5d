// From a node of the tree to what is at its path in the source now.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/array/array_directory.h"
#include "core/array/array_name.h"
#include "core/array/joined_arrays.h"
#include "core/array/source_cache.h"
#include "core/base/error.h"
#include "core/paths/source_root.h"
#include "core/tree/nodes.h"

namespace npyfs {

// The archive of a node at one moment.
struct ArchiveState {
  SourceStatus status;
  std::shared_ptr<const NpzArchive> archive;
  SourcePath path;
};

// Thread-safe.
class NodeSource {
 public:
  // All must outlive it; `suffixes` are those of further arrays.
  NodeSource(const SourceRoot& root, SourceCache& sources, JoinedArrays& joined, const ArraySuffixes& suffixes)
      : root_(root), sources_(sources), joined_(joined), suffixes_(suffixes) {}

  // The node for `path` in the source, which has just been found with this status. A file is pinned to its version.
  // Anything else is pinned to its identity with Users::kOthers; with Users::kOwner it is not pinned, since the owner
  // may follow a name to whatever it leads to.
  Node node_at(std::string path, const SourceStatus& status) const;

  // The node for `name` in a directory of the source in which nothing has this name: shards.npy stands for the array
  // that is joined from the files of the directory shards, and .npy in the root for that of the root. kSystem with
  // ENOENT if there is no such directory. `directory` is the node of the directory that `name` is looked up in.
  Result<Node> joined_node(const Node& directory, std::string_view name) const;

  // The status of the node's source now. Of kJoined, that of the directory, with an inode number of its own. kStale if
  // the path now leads to something of another kind, with another identity than the node is pinned to, or to another
  // version of a file.
  Result<SourceStatus> status(const Node& node) const;

  // Opens the node's file, which has just been found with this status. kStale if it is another version by now.
  Result<std::shared_ptr<const SourceFile>> file(const Node& node, const struct stat& status) const;

  // The same of a node of a member of an archive.
  Result<std::shared_ptr<const NpyFile>> member(const Node& node, const struct stat& status) const;

  // The array as it is now, opened. If it could be opened, the status is that of the opened file. kStale as status(),
  // for a node below a view of another version of the array, and if the source is replaced again and again meanwhile.
  Result<ArrayState> array(const Node& node) const;

  // The archive of a node in an archive as it is now, opened. Errors as array(), and those of NpzArchive::open().
  Result<ArchiveState> archive(const Node& node) const;

 private:
  bool is_name_of_joined(const std::string& path, const Error& error) const;
  Result<SourceStatus> status_in_source(const Node& node) const;
  Result<ArrayState> joined_array(const Node& node) const;

  const SourceRoot& root_;
  SourceCache& sources_;
  JoinedArrays& joined_;
  const ArraySuffixes& suffixes_;
};

// The kStale error of a node whose source has changed since the lookup.
[[gnu::cold]] std::unexpected<Error> stale(const Node& node);

}  // namespace npyfs
