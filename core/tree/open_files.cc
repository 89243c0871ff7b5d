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

template <typename Visit>
void OpenFiles::visit_writings(NodeId node, pid_t process, Visit visit) const {
  const auto [begin, end] = files_.equal_range(node);
  for (auto open = begin; open != end; ++open) {
    const OpenForWriting* writing = open->second->writing.get();
    if (writing != nullptr && writing->process() == process) visit(*writing);
  }
}

Result<void> OpenFiles::check_complete(NodeId node, pid_t process) const {
  const ReaderLock lock(mutex_);
  Result<void> complete;
  visit_writings(node, process, [&](const OpenForWriting& writing) {
    if (complete) complete = writing.check_complete();
  });
  return complete;
}

bool OpenFiles::note_truncation(NodeId node, pid_t process) const {
  const ReaderLock lock(mutex_);
  const OpenForWriting* youngest = nullptr;
  visit_writings(node, process, [&](const OpenForWriting& writing) {
    if (youngest == nullptr || writing.serial() > youngest->serial()) youngest = &writing;
  });
  if (youngest != nullptr) youngest->note_truncation();
  return youngest != nullptr;
}

std::size_t OpenFiles::count() const {
  const ReaderLock lock(mutex_);
  return files_.size();
}

}  // namespace npyfs
