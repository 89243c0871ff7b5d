#include "core/tree/open_files.h"

#include <algorithm>

#include "core/array/attributes.h"

namespace npyfs {

struct stat OpenFile::current_attributes() const {
  if (!grows) return attributes;
  const auto now = status_of(source().fd(), source().path());
  if (!now) return attributes;
  // Of a file that was truncated, the bytes that were there are not there any more: to read them is an error.
  const auto size = std::max(static_cast<std::uint64_t>(now->st_size), view.size());
  return file_attributes(*now, attributes.st_ino, size, Access::kRead);
}

void OpenFiles::add(const OpenFile& file) {
  const WriterLock lock(mutex_);
  files_.emplace(file.node, &file);
}

void OpenFiles::remove(const OpenFile& file) {
  const WriterLock lock(mutex_);
  const auto [begin, end] = files_.equal_range(file.node);
  for (auto open = begin; open != end; ++open) {
    if (open->second != &file) continue;
    files_.erase(open);
    return;
  }
}

std::optional<struct stat> OpenFiles::attributes(NodeId node) const {
  const ReaderLock lock(mutex_);
  const auto open = files_.find(node);
  if (open == files_.end()) return std::nullopt;
  return open->second->current_attributes();
}

std::vector<std::shared_ptr<const OpenForWriting>> OpenFiles::writings(NodeId node) const {
  const ReaderLock lock(mutex_);
  std::vector<std::shared_ptr<const OpenForWriting>> writings;
  const auto [begin, end] = files_.equal_range(node);
  for (auto open = begin; open != end; ++open) {
    if (open->second->writing) writings.push_back(open->second->writing);
  }
  return writings;
}

std::size_t OpenFiles::count() const {
  const ReaderLock lock(mutex_);
  return files_.size();
}

}  // namespace npyfs
