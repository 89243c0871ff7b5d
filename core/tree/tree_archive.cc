// The operations of a tree on archives, and on what is in them.
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "core/array/archive_error.h"
#include "core/array/attributes.h"
#include "core/base/path_string.h"
#include "core/tree/archive_listing.h"
#include "core/tree/tree.h"

namespace npyfs {

Result<Entry> Tree::lookup_archive(const Node& directory, std::string_view name) {
  const auto state = node_source_.archive(directory);
  if (!state) return std::unexpected(state.error());
  const NpzNames& names = state->archive->names();
  std::string path = path_in(directory.in_archive(), name);
  const auto member = names.find(path);
  const bool is_own = path == kArchiveSource || (path == kArchiveError && has_error(*state, options_.suffixes));
  Node node{.path = directory.path};
  if (is_own) {
    node.kind = NodeKind::kArchiveFile;
  } else if (names.has_directory(path)) {
    node.kind = NodeKind::kArchive;
  } else if (member && is_array_name(name, S_IFREG, options_.suffixes)) {
    node.kind = NodeKind::kVirtual;
  } else if (member && is_served_as_file(*member)) {
    node.kind = NodeKind::kArchiveFile;
  } else {
    return std::unexpected(Error{ErrorKind::kNotFound, *directory.path + "/" + path, "is not in the archive"});
  }
  node.pin = node.is_of_one_version() ? state->archive->file()->version().hash() : directory.pinned_identity();
  node.member = std::make_shared<const std::string>(std::move(path));
  const auto attributes = archive_attributes(node, *state);
  if (!attributes) return std::unexpected(attributes.error());
  return found(node, *attributes);
}

Result<struct stat> Tree::archive_attributes(const Node& node, const ArchiveState& state) const {
  const std::string_view path = node.in_archive();
  const ino_t inode = archive_inode(state, root_.device(), path);
  const NpzNames& names = state.archive->names();
  if (node.kind == NodeKind::kArchive || node.kind == NodeKind::kVirtual) {
    const bool exists = node.kind == NodeKind::kArchive ? names.has_directory(path) : names.find(path).has_value();
    return exists ? directory_attributes(state.status, inode) : Result<struct stat>(stale(node));
  }
  const auto content = archive_content(node, state);
  if (!content) return std::unexpected(content.error());
  return file_attributes(state.status, inode, content->size(), Access::kRead);
}

Result<View> Tree::archive_content(const Node& node, const ArchiveState& state) const {
  const std::string path(node.in_archive());
  if (path == kArchiveSource) return whole_file_view(state.archive->file());
  if (path == kArchiveError) {
    return text_view(archive_error(*state.archive, last_component(state.path.absolute()), options_.suffixes));
  }
  const auto file = node_source_.member(node, state.status);
  if (!file) return std::unexpected(file.error());
  const auto& extent = (*file)->extent();
  if (extent) return extent_view((*file)->file(), (*file)->guard(), *extent);
  Error why = (*file)->header().error();
  return std::unexpected(Error{ErrorKind::kSystem, *node.path + "/" + path, std::move(why.sentence), EIO});
}

Result<OpenFile> Tree::open_in_archive(NodeId id, const Node& node) const {
  const auto state = node_source_.archive(node);
  if (!state) return std::unexpected(state.error());
  auto content = archive_content(node, *state);
  if (!content) return std::unexpected(content.error());
  const auto attributes = file_attributes(state->status, archive_inode(*state, root_.device(), node.in_archive()),
                                          content->size(), Access::kRead);
  return OpenFile{id, std::move(*content), attributes, false, is_racy(state->status, file_clock())};
}

Result<std::unique_ptr<Listing>> Tree::open_archive(const Node& node) const {
  auto state = node_source_.archive(node);
  if (!state) return std::unexpected(state.error());
  if (!state->archive->names().has_directory(node.in_archive())) return stale(node);
  return std::make_unique<ArchiveListing>(std::string(node.in_archive()), std::move(*state), options_.suffixes,
                                          root_.device());
}

}  // namespace npyfs
