// The operations of a tree that write.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/path_string.h"
#include "core/tree/tree.h"

namespace npyfs {

Result<std::shared_ptr<const OpenFile>> Tree::open_for_writing(NodeId id, Opening opening, pid_t process) {
  const auto known = node(id);
  if (!known) return std::unexpected(known.error());
  const Node& node = *known;
  if (!options_.writable) return std::unexpected(Error{ErrorKind::kReadOnly, *node.path, "the mount is read-only"});
  if (!node.is_in_array() || is_directory(node.at.name)) {
    return std::unexpected(Error{ErrorKind::kNotWritable, *node.path, "only arrays and their views can be written"});
  }
  const auto array = array_of(node);
  if (!array) return std::unexpected(array.error());
  auto writing = with_descriptors(sources_, [&] {
    return OpenForWriting::open(root_, {id, node.at, *array, opening, process}, range_locks_, written_bytes_);
  });
  if (!writing) distrust_parts(id);
  if (!writing) return std::unexpected(writing.error());
  auto file = open_virtual(id, node, *array);
  if (!file) return std::unexpected(file.error());
  file->writing = std::move(*writing);
  return opened(std::move(*file));
}

bool Tree::can_be_written(NodeId id) {
  const auto known = node(id);
  if (!known || !options_.writable || !known->is_in_array()) return false;
  const auto array = node_source_.array(*known);
  if (!array || is_directory(known->at.name) || !is_for_writing(known->at, *array)) return false;
  const auto can_write = [&](const std::string& path) {
    return with_descriptors(sources_, [&] { return root_.open_file_for_writing(path); }).has_value();
  };
  if (known->kind != NodeKind::kJoined) return can_write(*known->path);
  const auto parts = touched_parts(known->at, *array);
  return parts.size() <= kMostHeldForWriting && std::ranges::all_of(parts, [&](std::size_t number) {
           return can_write(path_in(*known->path, array->joined->parts()[number].name));
         });
}

Result<void> Tree::write(const OpenFile& file, std::uint64_t offset, std::span<const std::byte> bytes) const {
  if (file.writing) return file.writing->write(offset, bytes);
  return std::unexpected(Error{ErrorKind::kReadOnly, fmt::format("node {}", file.node), "is open for reading alone"});
}

Result<void> Tree::sync(const OpenFile& file) const {
  if (file.writing) return file.writing->sync();
  if (!file.may_be_written) return {};
  Result<void> result;
  for (const Segment& segment : file.view.segments) {
    const auto opened = segment.opened();
    auto synced = opened ? opened->file->sync() : std::unexpected(opened.error());
    if (!synced && result) result = std::move(synced);
  }
  return result;
}

Result<void> Tree::flush(const OpenFile& file) {
  if (!file.writing) return {};
  range_locks_.note_close(file.node);
  return file.writing->flush();
}

Result<void> Tree::set_size(NodeId id, std::uint64_t size, const OpenFile* file) const {
  const auto now = attributes(id);
  if (!now) return std::unexpected(now.error());
  if (size == static_cast<std::uint64_t>(now->st_size)) return {};
  if (file != nullptr && file->writing && file->writing->has_size(size)) return {};
  if (size == 0 && file != nullptr && file->writing && file->writing->may_be_emptied()) {
    file->writing->note_truncation();
    return {};
  }
  const auto known = node(id);
  return std::unexpected(Error{ErrorKind::kInvalidArgument, known ? *known->path : "",
                               fmt::format("keeps its size of {} bytes; {} were asked for", now->st_size, size)});
}

Result<void> Tree::note_truncation(NodeId id, pid_t process) const {
  std::shared_ptr<const OpenForWriting> youngest;
  for (auto& writing : open_files_.writings(id)) {
    if (writing->process() != process) continue;
    if (!youngest || writing->serial() > youngest->serial()) youngest = std::move(writing);
  }
  if (!youngest) return set_size(id, 0, nullptr);
  youngest->note_truncation();
  return {};
}

// One is enough to fill: what is to be filled is known to all of them.
Result<void> Tree::fill_with_zeros(const OpenFile& file, Extent wanted, pid_t process) const {
  const auto writings = open_files_.writings(file.node);
  if (wanted.end() > file.view.header.size()) {
    for (const auto& writing : writings) writing->keep_rows_for(process, file.serial);
  }
  return writings.empty() ? Result<void>{} : writings.front()->fill_with_zeros(wanted);
}

}  // namespace npyfs
