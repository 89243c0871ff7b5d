#include "core/tree/kept_files.h"

#include <algorithm>
#include <utility>

namespace npyfs {
namespace {

std::chrono::steady_clock::rep now() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

}  // namespace

std::shared_ptr<const OpenFile> KeptFiles::find(NodeId node) const {
  const ReaderLock lock(mutex_);
  const auto found = files_.find(node);
  if (found == files_.end()) return nullptr;
  found->second.last_used.store(now(), std::memory_order_relaxed);
  return found->second.file;
}

std::shared_ptr<const OpenFile> KeptFiles::add(std::shared_ptr<const OpenFile> file) {
  const NodeId node = file->node;
  Removed removed;
  const WriterLock lock(mutex_);
  const auto [entry, is_new] = files_.try_emplace(node, std::move(file));
  entry->second.last_used.store(now(), std::memory_order_relaxed);
  const auto kept = entry->second.file;
  if (!is_new) return kept;
  for (const Segment& segment : kept->view.segments) {
    if (segment.file) ++sources_[segment.file.get()];
  }
  remove_surplus(node, removed);
  return kept;
}

void KeptFiles::remove(NodeId node) {
  Removed removed;
  const WriterLock lock(mutex_);
  if (const auto found = files_.find(node); found != files_.end()) take_out(found, removed);
}

void KeptFiles::remove_unused_since(Clock::time_point deadline) {
  Removed removed;
  const WriterLock lock(mutex_);
  for (auto entry = files_.begin(); entry != files_.end();) {
    const auto next = std::next(entry);
    const bool is_used = entry->second.last_used > deadline.time_since_epoch().count();
    if (!is_used && !entry->second.file->is_generated_anew) take_out(entry, removed);
    entry = next;
  }
}

std::size_t KeptFiles::source_count() const {
  const ReaderLock lock(mutex_);
  return sources_.size();
}

void KeptFiles::remove_surplus(NodeId added, Removed& removed) {
  while (files_.size() > kMostFiles || sources_.size() > most_sources_) {
    std::vector<std::pair<Clock::rep, NodeId>> by_use;
    for (const auto& [node, entry] : files_) {
      if (node != added && !entry.file->is_generated_anew) by_use.emplace_back(entry.last_used, node);
    }
    if (by_use.empty()) return;
    const std::size_t count = (by_use.size() + 3) / 4;
    std::ranges::nth_element(by_use, by_use.begin() + static_cast<std::ptrdiff_t>(count) - 1);
    for (std::size_t i = 0; i < count; ++i) take_out(files_.find(by_use[i].second), removed);
  }
}

void KeptFiles::take_out(Files::iterator entry, Removed& removed) {
  removed.push_back(entry->second.file);
  for (const Segment& segment : removed.back()->view.segments) {
    const auto source = sources_.find(segment.file.get());
    if (source != sources_.end() && --source->second == 0) sources_.erase(source);
  }
  files_.erase(entry);
}

}  // namespace npyfs
