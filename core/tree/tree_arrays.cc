// The operations of a tree on the files and directories below an array's directory.
#include <utility>

#include "core/array/attributes.h"
#include "core/tree/tree.h"

namespace npyfs {
namespace {

// Whether a path is a view of an array that lies in one file.
bool is_view_of_one_file(const VirtualPath& at, const ArrayState& array) {
  return is_view(at.name) && !array.joined && array.array();
}

}  // namespace

Result<Entry> Tree::lookup_virtual(const Node& directory, std::string_view name) {
  if (!is_directory(directory.at.name)) {
    return std::unexpected(Error{ErrorKind::kNotADirectory, *directory.path, "is not a directory"});
  }
  const auto array = node_source_.array(directory);
  if (!array) return std::unexpected(array.error());
  auto at = find_name(directory.at, name, *array);
  if (!at && at.error().kind == ErrorKind::kNotFound) at.error().subject = *directory.path + "/" + at.error().subject;
  if (!at) return std::unexpected(at.error());
  Node node{.kind = directory.kind, .at = std::move(at->path), .path = directory.path, .member = directory.member};
  node.pin = node.is_of_one_version() ? array->version() : directory.pinned_identity();
  if (at->view && is_view(node.at.name)) {
    const auto size = view_size(*at->view->array, at->view->selection, node.at.name.form);
    return found(node, virtual_file_attributes(node.at, *array, size));
  }
  const auto attributes = virtual_attributes(node.at, *array);
  if (!attributes) return std::unexpected(attributes.error());
  return found(node, *attributes);
}

// The attributes of a file or directory below an array's directory.
Result<struct stat> Tree::virtual_attributes(const VirtualPath& at, const ArrayState& array) const {
  if (is_directory(at.name)) return directory_attributes(array.status, inode_of(at, array, root_.device()));
  const auto size = size_of(at, array);
  if (!size) return std::unexpected(size.error());
  return virtual_file_attributes(at, array, *size);
}

struct stat Tree::virtual_file_attributes(const VirtualPath& at, const ArrayState& array, std::uint64_t size) const {
  const bool is_writable = options_.writable && is_for_writing(at, array);
  return file_attributes(array.status, inode_of(at, array, root_.device()), size,
                         is_writable ? Access::kReadAndWrite : Access::kRead);
}

Result<ArrayState> Tree::array_of(const Node& node) const {
  auto array = node_source_.array(node);
  if (array && array->version() != node.pinned_version()) return stale(node);
  return array;
}

// What the node's file holds.
Result<View> Tree::view_of(NodeId id, const Node& node, const ArrayState& array) const {
  if (!is_view_of_one_file(node.at, array)) return content_of(node.at, array);
  const auto items = array.array();
  if (auto view = recent_views_->find(id, **items)) return std::move(*view);
  auto view = content_of(node.at, array);
  if (view) recent_views_->note(id, *view, **items);
  return view;
}

Result<OpenFile> Tree::open_virtual(NodeId id, const Node& node, const ArrayState& array) const {
  auto view = view_of(id, node, array);
  if (!view) distrust_parts(id);
  if (!view) return std::unexpected(view.error());
  const auto attributes = virtual_file_attributes(node.at, array, view->size());
  OpenFile file{id, std::move(*view), attributes, false, is_racy(array.status, file_clock())};
  file.may_be_written = options_.writable && !node.member && !file.view.segments.empty();
  return file;
}

}  // namespace npyfs
