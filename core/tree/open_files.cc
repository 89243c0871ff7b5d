#include "core/tree/open_files.h"

#include <algorithm>

#include "core/array/attributes.h"

namespace npyfs {

bool OpenFile::is_whole_file() const {
  if (may_be_written || !view.header.empty() || view.padding || view.segments.size() != 1) return false;
  const Segment& segment = view.segments.front();
  return segment.file && !segment.guard && segment.runs == Runs(Extent{0, segment.file->size()});
}

struct stat OpenFile::current_attributes() const {
  if (!grows) return attributes;
  // Of a file that was truncated, the bytes that were there are not there any more: to read them is an error.
  return attributes_now(view.size());
}

struct stat OpenFile::source_attributes() const {
  return attributes_now(0);
}

struct stat OpenFile::attributes_now(std::uint64_t least_size) const {
  const auto now = status_of(source().fd(), source().path());
  if (!now) return attributes;
  const auto size = std::max(static_cast<std::uint64_t>(now->st_size), least_size);
  return file_attributes(*now, attributes.st_ino, size, Access::kRead);
}

void OpenFiles::add(const OpenFile& file) {
  const WriterLock lock(mutex_);
  files_.emplace(file.node, Entry{&file});
}

void OpenFiles::remove(const OpenFile& file) {
  const WriterLock lock(mutex_);
  const auto [begin, end] = files_.equal_range(file.node);
  for (auto open = begin; open != end; ++open) {
    if (open->second.file != &file) continue;
    files_.erase(open);
    return;
  }
}

void OpenFiles::note_passthrough(const OpenFile& file) {
  const WriterLock lock(mutex_);
  const auto [begin, end] = files_.equal_range(file.node);
  for (auto open = begin; open != end; ++open) {
    if (open->second.file == &file) open->second.is_passthrough = true;
  }
}

std::optional<struct stat> OpenFiles::attributes(NodeId node) const {
  const ReaderLock lock(mutex_);
  const auto [begin, end] = files_.equal_range(node);
  if (begin == end) return std::nullopt;
  // A file that was opened a moment ago may not be noted yet: all open files of a node are read in the same way.
  for (auto open = begin; open != end; ++open) {
    if (open->second.is_passthrough) return open->second.file->source_attributes();
  }
  return begin->second.file->current_attributes();
}

std::vector<std::shared_ptr<const OpenForWriting>> OpenFiles::writings(NodeId node) const {
  const ReaderLock lock(mutex_);
  std::vector<std::shared_ptr<const OpenForWriting>> writings;
  const auto [begin, end] = files_.equal_range(node);
  for (auto open = begin; open != end; ++open) {
    if (open->second.file->writing) writings.push_back(open->second.file->writing);
  }
  return writings;
}

std::size_t OpenFiles::count() const {
  const ReaderLock lock(mutex_);
  return files_.size();
}

}  // namespace npyfs
