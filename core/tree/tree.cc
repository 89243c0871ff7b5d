#include "core/tree/tree.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "core/array/attributes.h"
#include "core/base/path_string.h"

namespace npyfs {
namespace {

// How often this thread has gone to sleep of its own accord: for a page to come from the disk, among other things.
long voluntary_waits() {
  rusage usage;
  return ::getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nvcsw : 0;
}

}  // namespace

Tree::Tree(SourceRoot root, const TreeOptions& options, ControlFiles control_files)
    : root_(std::move(root)),
      options_(options),
      control_files_(std::move(control_files)),
      sources_(root_, options.source_io, options.max_open_sources),
      node_source_(root_, sources_, options.writable),
      watch_(root_) {}

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
    case NodeKind::kPlace:
      return lookup_place(directory_id, *directory, name);
    case NodeKind::kControlDirectory:
      return lookup_control(*directory, name);
    case NodeKind::kFile:
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
      sources_, [&] { return root_.status_in(*directory.path, directory.version, std::string(name)); });
  if (!status) return std::unexpected(status.error());
  const Node node = node_source_.node_at(path_in(*directory.path, name), *status);
  return found(node, mirrored_attributes(node, *status));
}

Result<Entry> Tree::lookup_place(NodeId directory_id, const Node& directory, std::string_view name) {
  // What a place is said not to be begins with the array's name.
  const auto of_array = [&](Error error) {
    if (error.kind == ErrorKind::kNotFound) error.subject = *directory.path + "/" + error.subject;
    return std::unexpected(std::move(error));
  };
  const auto place = place_in(directory.place, name);
  if (!place) {
    const std::string below = format_path(directory.place);
    return of_array({ErrorKind::kNotFound, below + (below.empty() ? "" : "/") + std::string(name),
                     "is no name of a chunk, slice or axis"});
  }
  const auto array = node_source_.array(directory);
  if (!array) return std::unexpected(array.error());
  Node node{.kind = NodeKind::kPlace, .place = *place, .path = directory.path};
  if (is_directory(*place)) {
    if (auto exists = check_place(*place, *array); !exists) return of_array(exists.error());
    node.parent = directory_id;
    node.version = directory.version;
    return found(node, place_attributes(*place, *array, 0));
  }
  const auto content = content_of(*place, *array);
  if (!content) return of_array(content.error());
  node.version = array->version();
  return found(node, place_attributes(*place, *array, content->view.size()));
}

Result<Entry> Tree::lookup_control(const Node& directory, std::string_view name) {
  for (std::uint64_t i = 0; i < control_files_.size(); ++i) {
    if (control_files_[i].name != name) continue;
    const Node node{.kind = NodeKind::kControlFile, .place = Place{.first = i}, .path = directory.path};
    return found(node, control_file_attributes(control_files_, i));
  }
  return std::unexpected(Error{ErrorKind::kNotFound, std::string(name), "is no file of .npyfs"});
}

struct stat Tree::place_attributes(const Place& place, const ArrayState& array, std::uint64_t size) const {
  const ino_t inode = place_inode(array.status, root_.device(), place);
  if (is_directory(place)) return directory_attributes(array.status, inode);
  const bool is_writable = options_.writable && is_for_writing(place, array);
  return file_attributes(array.status, inode, size, is_writable ? Access::kReadAndWrite : Access::kRead);
}

// Whether the array still has this directory.
Result<void> Tree::check_directory(const Node& node) const {
  if (node.place.kind == PlaceKind::kArray) return {};  // whatever is in it
  const auto array = node_source_.array(node);
  if (!array) return std::unexpected(array.error());
  return check_place(node.place, *array);
}

// Of anything in the source, and of directories below an array, when the source has this status.
struct stat Tree::mirrored_attributes(const Node& node, const struct stat& status) const {
  switch (node.kind) {
    case NodeKind::kPlace:
      return directory_attributes(status, place_inode(status, root_.device(), node.place));
    case NodeKind::kDirectory:
      return directory_attributes(status, mirrored_inode(status, root_.device()));
    case NodeKind::kFile:
      return file_attributes(status, mirrored_inode(status, root_.device()), static_cast<std::uint64_t>(status.st_size),
                             Access::kRead);
    default:
      return other_attributes(status, mirrored_inode(status, root_.device()));
  }
}

Result<struct stat> Tree::fresh_attributes(const Node& node) const {
  if (node.kind == NodeKind::kControlDirectory) return control_directory_attributes();
  if (node.kind == NodeKind::kControlFile) return control_file_attributes(control_files_, node.place.first);
  if (node.kind == NodeKind::kPlace && !is_directory(node.place)) {
    const auto array = node_source_.array(node);
    if (!array) return std::unexpected(array.error());
    if (array->version() != node.version) return stale(node);
    const auto content = content_of(node.place, *array);
    if (!content) return std::unexpected(content.error());
    return place_attributes(node.place, *array, content->view.size());
  }
  const auto status = node_source_.status(node);
  if (!status) return std::unexpected(status.error());
  if (node.kind == NodeKind::kPlace) {
    if (auto exists = check_directory(node); !exists) return std::unexpected(exists.error());
  }
  return mirrored_attributes(node, *status);
}

Result<struct stat> Tree::attributes(NodeId id) const {
  const auto known = node(id);
  if (!known) return std::unexpected(known.error());
  auto attributes = fresh_attributes(*known);
  if (attributes || known->version == 0) return attributes;
  if (const auto opened = open_files_.attributes(id)) return *opened;
  return attributes;
}

Result<std::string> Tree::read_link(NodeId id) const {
  const auto known = node(id);
  if (!known) return std::unexpected(known.error());
  return root_.read_link(*known->path, pinned_identity(*known));
}

Result<OpenFile> Tree::open_control(NodeId id, const Node& node) const {
  OpenFile file{id, text_content(control_files_[node.place.first].text()),
                control_file_attributes(control_files_, node.place.first), true};
  file.attributes.st_size = static_cast<off_t>(file.size());
  return file;
}

Result<OpenFile> Tree::open_place(NodeId id, const Node& node,
                                  Result<FileContent> (*content_at)(const Place&, const ArrayState&)) const {
  const auto array = node_source_.array(node);
  if (!array) return std::unexpected(array.error());
  if (array->version() != node.version) return stale(node);
  auto content = content_at(node.place, *array);
  if (!content) return std::unexpected(content.error());
  const auto size = content->view.size();
  return OpenFile{id, std::move(*content), place_attributes(node.place, *array, size), false,
                  is_racy(array->status, file_clock())};
}

Result<OpenFile> Tree::open_source(NodeId id, const Node& node) const {
  if (node.kind == NodeKind::kPlace) return open_place(id, node, &content_of);
  const auto status = node_source_.status(node);
  if (!status) return std::unexpected(status.error());
  const auto source = node_source_.file(node, *status);
  if (!source) return std::unexpected(source.error());
  return OpenFile{id,
                  {whole_file_view((*source)->size()), *source},
                  mirrored_attributes(node, *status),
                  false,
                  is_racy(*status, file_clock())};
}

Result<std::shared_ptr<const OpenFile>> Tree::open(NodeId id) {
  const auto known = node(id);
  if (!known) return std::unexpected(known.error());
  const bool is_file = known->kind == NodeKind::kFile || known->kind == NodeKind::kControlFile ||
                       (known->kind == NodeKind::kPlace && !is_directory(known->place));
  if (!is_file) return std::unexpected(Error{ErrorKind::kIsADirectory, *known->path, "is not a file"});
  auto file = known->kind == NodeKind::kControlFile ? open_control(id, *known) : open_source(id, *known);
  if (!file) return std::unexpected(file.error());
  return opened(std::move(*file));
}

std::shared_ptr<const OpenFile> Tree::opened(OpenFile file) {
  const auto pages = nodes_.note_open(file.node, file.is_racy);
  file.is_first_open = pages.is_first;
  file.doubt = pages.doubt;
  auto shared = std::make_shared<const OpenFile>(std::move(file));
  open_files_.add(*shared);
  return shared;
}

// By now the kernel has dropped the pages that it was to drop at the open. It need not have when it takes the answer to
// the open: another open that is answered then may overtake it.
void Tree::close(const OpenFile& file) {
  if (!file.is_racy && file.doubt != Nodes::kNoDoubt) nodes_.end_doubt(file.node, file.doubt);
  take_back(file);
}

Result<void> Tree::read(const OpenFile& file, std::uint64_t offset, std::uint64_t size, Pieces& pieces) const {
  const View& view = file.content.view;
  const SourceFile* source = file.content.source.get();
  if (source == nullptr || view.body.count != 1 || view.is_small()) return gather(view, source, offset, size, pieces);
  const std::uint64_t in_body = offset - std::min<std::uint64_t>(offset, view.header.size());
  const Extent ahead =
      file.read_ahead->before_read({view.body.first + in_body, size}, view.body.first + view.body.size());
  if (ahead.size > 0) source->will_need(ahead);
  const long waits = voluntary_waits();
  auto gathered = gather(view, source, offset, size, pieces);
  if (voluntary_waits() != waits) file.read_ahead->note_wait();
  return gathered;
}

Result<std::unique_ptr<Listing>> Tree::open_directory(NodeId id) {
  const auto known = node(id);
  if (!known) return std::unexpected(known.error());
  if (known->kind == NodeKind::kDirectory) {
    watch_.add(id, known->path);
    return with_descriptors(sources_, [&] { return MirrorListing::open(root_, *known->path, known->version); });
  }
  if (known->kind == NodeKind::kControlDirectory) return list_control_files(control_files_);
  if (known->kind != NodeKind::kPlace || !is_directory(known->place)) {
    return std::unexpected(Error{ErrorKind::kNotADirectory, *known->path, "is not a directory"});
  }
  const auto array = node_source_.array(*known);
  if (!array) return std::unexpected(array.error());
  return std::make_unique<PlaceListing>(known->place, *array, options_.default_chunks, root_.device());
}

Result<std::vector<ExtendedAttribute>> Tree::extended_attributes(NodeId id) const {
  const auto known = node(id);
  if (!known) return std::unexpected(known.error());
  if (known->kind != NodeKind::kPlace || !is_view(known->place)) return std::vector<ExtendedAttribute>();
  const auto array = node_source_.array(*known);
  if (!array) return std::unexpected(array.error());
  if (root_.users() == Users::kOthers && array->version() != known->version) return stale(*known);
  auto attributes = npyfs::extended_attributes(known->place, *array);
  if (attributes && options_.writable) {
    const auto written = written_bytes_.of(path_in_mount(*known->path, known->place));
    attributes->push_back({"user.npyfs.written", fmt::format("{}", written)});
  }
  return attributes;
}

Result<struct statvfs> Tree::filesystem_status(NodeId id) const {
  const auto known = node(id);
  if (!known) return root_.filesystem_status("");
  // A link would be followed, and then be another.
  return root_.filesystem_status(*known->path, known->kind == NodeKind::kOther ? 0 : pinned_identity(*known));
}

Result<void> Tree::replace_root(UniqueFd root) {
  if (auto replaced = root_.replace(std::move(root)); !replaced) return replaced;
  watch_.drop_all();
  return {};
}

void Tree::invalidate_changed(const SourceChanges& changes, const std::function<bool(NodeId)>& tell) {
  ++told_changes_;
  watch_.renew();
  sources_.doubt_headers();
  npyfs::invalidate_changed(nodes_, changes, [&](NodeId node) {
    nodes_.doubt_pages(node);
    return tell(node);
  });
}

}  // namespace npyfs
