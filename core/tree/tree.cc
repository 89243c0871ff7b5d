#include "core/tree/tree.h"

#include <fmt/format.h>

#include <utility>

#include "core/array/attributes.h"
#include "core/base/path_string.h"
#include "core/tree/mirror_listing.h"
#include "core/tree/virtual_listing.h"

namespace npyfs {

Tree::Tree(SourceRoot root, const TreeOptions& options, ControlFiles control_files)
    : root_(std::move(root)),
      options_(options),
      control_files_(std::move(control_files)),
      sources_(root_, options.source_io, options.max_open_sources,
               options.writable ? WrittenHere::kYes : WrittenHere::kNo),
      joined_(root_, sources_, options.writable ? WrittenHere::kYes : WrittenHere::kNo, options.parts_known_for),
      node_source_(root_, sources_, joined_, options_.suffixes),
      range_locks_(options.after_release),
      watch_(root_),
      kept_(std::make_unique<KeptFiles>(options.max_open_sources / 2)) {}

Result<Node> Tree::node(NodeId id) const {
  auto node = nodes_.find(id);
  if (!node) return std::unexpected(Error{ErrorKind::kStale, fmt::format("node {}", id), "is not known"});
  return std::move(*node);
}

Entry Tree::found(const Node& node, const struct stat& attributes) {
  return Entry{nodes_.look_up(node), attributes};
}

Result<Entry> Tree::lookup(NodeId directory_id, std::string_view name) {
  const auto directory = node(directory_id);
  if (!directory) return std::unexpected(directory.error());
  switch (directory->kind) {
    case NodeKind::kDirectory:
      watch_.add(directory_id, directory->path);
      return lookup_mirrored(*directory, name);
    case NodeKind::kJoined:
      if (directory->at.name.kind == NameKind::kArray) watch_.add(directory_id, directory->path);
      return lookup_virtual(*directory, name);
    case NodeKind::kVirtual:
      return lookup_virtual(*directory, name);
    case NodeKind::kArchive:
      return lookup_archive(*directory, name);
    case NodeKind::kControlDirectory:
      return lookup_control(*directory, name);
    case NodeKind::kFile:
    case NodeKind::kArchiveFile:
    case NodeKind::kOther:
    case NodeKind::kControlFile:
      break;
  }
  return std::unexpected(Error{ErrorKind::kNotADirectory, *directory->path, "is not a directory"});
}

Result<Entry> Tree::lookup_mirrored(const Node& directory, std::string_view name) {
  if (directory.path->empty() && name == kControlDirectoryName) {
    return found(Node{.kind = NodeKind::kControlDirectory, .path = directory.path}, control_directory_attributes());
  }
  const auto status = with_descriptors(
      sources_, [&] { return root_.status_in(*directory.path, directory.pinned_identity(), std::string(name)); });
  if (!status && status.error().os_error == ENOENT) return lookup_joined(directory, name);
  if (!status) return std::unexpected(status.error());
  const Node node = node_source_.node_at(path_in(*directory.path, name), *status);
  return found(node, mirrored_attributes(node, *status));
}

Result<Entry> Tree::lookup_control(const Node& directory, std::string_view name) {
  for (std::uint64_t i = 0; i < control_files_.size(); ++i) {
    if (control_files_[i].name != name) continue;
    if (options_.immutable) return control_file_of_its_own(directory, i);
    const Node node{.kind = NodeKind::kControlFile, .at = {.name = {.first = i}}, .path = directory.path};
    return found(node, control_file_attributes(control_files_, i));
  }
  return std::unexpected(Error{ErrorKind::kNotFound, std::string(name), "is no file of .npyfs"});
}

// The attributes of a node that mirrors something in the source, which has this status.
struct stat Tree::mirrored_attributes(const Node& node, const struct stat& status) const {
  const ino_t inode = mirrored_inode(status, root_.device());
  switch (node.kind) {
    case NodeKind::kVirtual:
    case NodeKind::kJoined:
    case NodeKind::kArchive:
    case NodeKind::kDirectory:
      return directory_attributes(status, inode);
    case NodeKind::kFile:
      return file_attributes(status, inode, static_cast<std::uint64_t>(status.st_size), Access::kRead);
    default:
      return other_attributes(status, inode);
  }
}

Result<struct stat> Tree::fresh_attributes(const Node& node) const {
  if (node.kind == NodeKind::kControlDirectory) return control_directory_attributes();
  if (node.kind == NodeKind::kControlFile) return control_file_attributes(control_files_, node.at.name.first);
  if (node.is_in_array() && node.at.name.kind != NameKind::kArray) {
    const auto array = node_source_.array(node);
    if (!array) return std::unexpected(array.error());
    if (node.is_of_one_version() && array->version() != node.pinned_version()) return stale(node);
    if (auto exists = check_path(node.at, *array); !exists) return std::unexpected(exists.error());
    return virtual_attributes(node.at, *array);
  }
  if (node.member) {
    const auto state = node_source_.archive(node);
    return state ? archive_attributes(node, *state) : std::unexpected(state.error());
  }
  const auto status = node_source_.status(node);
  if (!status) return std::unexpected(status.error());
  return mirrored_attributes(node, *status);
}

Result<struct stat> Tree::attributes(NodeId id) const {
  if (const auto kept = options_.immutable ? kept_->find(id) : nullptr) return kept->attributes;
  const auto known = node(id);
  if (!known) return std::unexpected(known.error());
  auto attributes = fresh_attributes(*known);
  if (attributes || known->pin == 0) return attributes;
  if (const auto opened = open_files_.attributes(id)) return *opened;
  return attributes;
}

Result<std::string> Tree::read_link(NodeId id) const {
  const auto known = node(id);
  if (!known) return std::unexpected(known.error());
  return root_.read_link(*known->path, known->pinned_identity());
}

Result<OpenFile> Tree::open_control(NodeId id, const Node& node) const {
  const std::uint64_t index = node.at.name.first;
  OpenFile file{id, text_view(control_files_[index].text()), control_file_attributes(control_files_, index), true};
  file.attributes.st_size = static_cast<off_t>(file.size());
  return file;
}

Result<OpenFile> Tree::open_source(NodeId id, const Node& node) const {
  if (node.is_in_array()) {
    const auto array = array_of(node);
    if (!array) return std::unexpected(array.error());
    return open_virtual(id, node, *array);
  }
  if (node.kind == NodeKind::kArchiveFile) return open_in_archive(id, node);
  const auto status = node_source_.status(node);
  if (!status) return std::unexpected(status.error());
  const auto source = node_source_.file(node, *status);
  if (!source) return std::unexpected(source.error());
  OpenFile file{id, whole_file_view(*source), mirrored_attributes(node, *status), false,
                is_racy(*status, file_clock())};
  file.grows = true;
  return file;
}

Result<OpenFile> Tree::open_now(NodeId id) const {
  const auto known = node(id);
  if (!known) return std::unexpected(known.error());
  const bool is_file = known->kind == NodeKind::kFile || known->kind == NodeKind::kControlFile ||
                       known->kind == NodeKind::kArchiveFile || (known->is_in_array() && !is_directory(known->at.name));
  if (!is_file) return std::unexpected(Error{ErrorKind::kIsADirectory, *known->path, "is not a file"});
  return known->kind == NodeKind::kControlFile ? open_control(id, *known) : open_source(id, *known);
}

Result<std::shared_ptr<const OpenFile>> Tree::open(NodeId id) {
  if (options_.immutable) {
    const auto kept = open_kept(id);
    if (!kept) return std::unexpected(kept.error());
    OpenFile file = **kept;
    if (file.read_ahead) file.read_ahead = std::make_shared<ReadAhead>();
    return opened(std::move(file));
  }
  auto file = open_now(id);
  if (!file) return std::unexpected(file.error());
  return opened(std::move(*file));
}

std::shared_ptr<const OpenFile> Tree::opened(OpenFile file) {
  const auto pages = nodes_.note_open(file.node, file.is_racy);
  file.is_first_open = pages.is_first;
  file.stale_mark = pages.stale_mark;
  file.serial = file.writing ? file.writing->serial() : next_open_serial();
  auto shared = std::make_shared<const OpenFile>(std::move(file));
  open_files_.add(*shared);
  return shared;
}

// By now the client has dropped the pages that it had to drop at this open. It is too early to clear the mark when the
// open is answered: the answer to another open may overtake it, and that one would then keep the stale pages.
void Tree::close(const OpenFile& file) {
  if (!file.is_racy && file.stale_mark != Nodes::kNotStale) nodes_.clear_stale_mark(file.node, file.stale_mark);
  take_back(file);
}

Result<std::unique_ptr<Listing>> Tree::open_directory(NodeId id) {
  const auto known = node(id);
  if (!known) return std::unexpected(known.error());
  if (known->kind == NodeKind::kDirectory) {
    watch_.add(id, known->path);
    return with_descriptors(sources_, [&] {
      return MirrorListing::open(root_, *known->path, known->pinned_identity(), options_.suffixes);
    });
  }
  if (known->kind == NodeKind::kControlDirectory) return list_control_files(control_files_);
  if (known->kind == NodeKind::kArchive) return open_archive(*known);
  if (!known->is_in_array() || !is_directory(known->at.name)) {
    return std::unexpected(Error{ErrorKind::kNotADirectory, *known->path, "is not a directory"});
  }
  const auto array = node_source_.array(*known);
  if (!array) return std::unexpected(array.error());
  // The client may have kept the directory while the array lost an axis.
  if (auto exists = check_path(known->at, *array); !exists) return std::unexpected(exists.error());
  return std::make_unique<VirtualListing>(known->at, *array, options_.default_chunks, root_.device());
}

Result<std::vector<ExtendedAttribute>> Tree::extended_attributes(NodeId id) const {
  const auto known = node(id);
  if (!known) return std::unexpected(known.error());
  if (!known->is_in_array() || !is_view(known->at.name)) return std::vector<ExtendedAttribute>();
  const auto array = node_source_.array(*known);
  if (!array) return std::unexpected(array.error());
  if (root_.users() == Users::kOthers && array->version() != known->pinned_version()) return stale(*known);
  auto attributes = npyfs::extended_attributes(known->at, *array);
  if (attributes && options_.writable) {
    const std::string source = known->kind == NodeKind::kJoined ? joined_path(*known->path) : *known->path;
    const auto written = written_bytes_.of(path_in_mount(source, known->at, *array));
    attributes->push_back({"user.npyfs.written", fmt::format("{}", written)});
  }
  return attributes;
}

Result<struct statvfs> Tree::filesystem_status(NodeId id) const {
  const auto known = node(id);
  if (!known) return root_.filesystem_status("");
  // The path of a link would be followed, so it would lead to something with another identity.
  return root_.filesystem_status(*known->path, known->kind == NodeKind::kOther ? 0 : known->pinned_identity());
}

Result<void> Tree::replace_root(UniqueFd root) {
  if (auto replaced = root_.replace(std::move(root)); !replaced) return replaced;
  watch_.drop_all();
  return {};
}

void Tree::invalidate_changed(const SourceChanges& changes, const std::function<bool(NodeId)>& notify) {
  ++notified_changes_;
  watch_.renew();
  sources_.distrust_headers();
  distrust_joined(changes);
  npyfs::invalidate_changed(nodes_, changes, [&](NodeId node) {
    nodes_.mark_pages_stale(node);
    return notify(node);
  });
}

}  // namespace npyfs
