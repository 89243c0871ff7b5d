// The operations of a tree whose source does not change (TreeOptions::immutable).
#include <cerrno>
#include <utility>

#include "core/tree/tree.h"

namespace npyfs {
namespace {

bool is_out_of_descriptors(const Error& error) {
  return error.kind == ErrorKind::kSystem && (error.os_error == EMFILE || error.os_error == ENFILE);
}

// Whether the file was written or truncated since it was opened. Its ctime may be another: a backup that makes hard
// links sets it.
bool is_written(const SourceFile& file, const struct stat& now) {
  return static_cast<std::uint64_t>(now.st_size) != file.size() ||
         nanoseconds(now.st_mtim) != nanoseconds(file.status().st_mtim);
}

std::unexpected<Error> has_changed(const std::string& path) {
  return std::unexpected(Error{ErrorKind::kStale, path, "has changed, and the mount is immutable: mount again"});
}

// A view that keeps no file open checks each part as it opens it for a read.
Result<void> check_sources(const View& view) {
  for (const Segment& segment : view.segments) {
    if (!segment.file) continue;
    const auto now = status_of(segment.file->fd(), segment.file->path());
    if (!now) return std::unexpected(now.error());
    if (is_written(*segment.file, *now)) return has_changed(segment.file->path());
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const OpenFile>> Tree::open_kept(NodeId id) const {
  if (auto kept = kept_->find(id)) return kept;
  auto file = open_now(id);
  if (!file && is_out_of_descriptors(file.error())) {
    kept_->remove_unused_since(KeptFiles::Clock::now());
    file = open_now(id);
  }
  if (!file) return std::unexpected(file.error());
  file->grows = false;
  file->has_changed = std::make_shared<std::atomic<bool>>(false);
  file->is_racy = false;  // what is written before the mount is complete
  return kept_->add(std::make_shared<const OpenFile>(std::move(*file)));
}

Result<void> Tree::read_unless_changed(const OpenFile& file, std::uint64_t offset, std::uint64_t size, Pieces& pieces,
                                       pid_t process) const {
  if (!file.has_changed) return read_now(file, offset, size, pieces, process);
  if (*file.has_changed) return has_changed(file.source_path());
  auto result = read_now(file, offset, size, pieces, process);
  if (result) result = check_sources(file.view);
  if (result) return result;
  const ErrorKind kind = result.error().kind;
  if (kind == ErrorKind::kStale || kind == ErrorKind::kTruncated) *file.has_changed = true;
  kept_->remove(file.node);
  return result;
}

// The text is made once for each lookup, as the bytes of a node do not change: so the client may cache them.
Entry Tree::control_file_of_its_own(const Node& directory, std::uint64_t index) {
  const Node node{.kind = NodeKind::kControlFile,
                  .at = {.name = {.first = index}},
                  .path = directory.path,
                  .pin = ++control_lookups_};
  Entry entry = found(node, control_file_attributes(control_files_, index));
  entry.is_for_one_open = true;
  try {
    auto file = open_control(entry.node, node);
    entry.attributes = file->attributes;
    kept_->add(std::make_shared<const OpenFile>(std::move(*file)));
  } catch (...) {
    forget(entry.node, 1);
    throw;
  }
  return entry;
}

}  // namespace npyfs
