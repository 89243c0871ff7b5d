#include "core/tree/open_files.h"

namespace npyfs {

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
  return open->second->attributes;
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
