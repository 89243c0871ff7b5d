#include "core/source/source_cache.h"

namespace npyfs {
namespace {

constexpr std::size_t kMaxMappedBytes = std::size_t{8} << 30;  // 16 MiB of page tables
constexpr std::size_t kMaxWindows = 1024;

}  // namespace

SourceCache::SourceCache(const SourceRoot& root, SourceIo io, std::size_t capacity)
    : root_(root),
      io_(io),
      capacity_(capacity),
      mappings_(std::make_shared<MappingCache>(kMaxMappedBytes, kMaxWindows)) {}

std::shared_ptr<SourceCache::Entry> SourceCache::entry(std::uint64_t key) {
  std::shared_ptr<Entry> evicted;  // closed after the lock is released
  const std::lock_guard lock(mutex_);
  if (const auto found = index_.find(key); found != index_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
  } else {
    if (entries_.size() >= capacity_) {
      evicted = entries_.back();
      index_.erase(evicted->key);
      entries_.pop_back();
    }
    Entries added;
    added.push_front(std::make_shared<Entry>());
    added.front()->key = key;
    index_.emplace(key, added.begin());  // the last that may throw
    entries_.splice(entries_.begin(), added);
  }
  entries_.front()->last_used = Clock::now();
  return entries_.front();
}

void SourceCache::drop(const std::shared_ptr<Entry>& entry) {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find(entry->key);
  if (found == index_.end() || *found->second != entry) return;
  entries_.erase(found->second);
  index_.erase(found);
}

Result<std::shared_ptr<const SourceFile>> SourceCache::get(const std::string& path, SourceRole role,
                                                           const struct stat& status) {
  const auto version = FileVersion::of(status);
  const bool times_count = role != SourceRole::kWrittenArray;
  const auto key = times_count ? version.hash() : version.without_times().hash();
  const auto shared = entry(mix(key, static_cast<std::uint64_t>(role)));
  const std::lock_guard opening(shared->opening);
  const std::uint64_t doubts = doubts_;
  if (shared->file) {
    const bool is_sure = times_count && !shared->file->has_racy_header() && shared->doubts == doubts;
    if (is_sure || shared->file->check_header_bytes()) {
      shared->doubts = doubts;
      return shared->file;
    }
  }
  auto file = SourceFile::open(root_, path, role, io_, mappings_);
  shared->doubts = doubts;
  if (file && (*file)->is_version_of(status) && !(*file)->is_unreadable()) {
    shared->file = *file;
  } else {
    drop(shared);
  }
  return file;
}

SourceCache::Clock::time_point SourceCache::close_unused_since(Clock::time_point deadline) {
  Entries closed;  // after the lock is released
  const std::lock_guard lock(mutex_);
  while (!entries_.empty() && entries_.back()->last_used <= deadline) {
    index_.erase(entries_.back()->key);
    closed.splice(closed.begin(), entries_, std::prev(entries_.end()));
  }
  return entries_.empty() ? Clock::time_point::max() : entries_.back()->last_used;
}

std::size_t SourceCache::count() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace npyfs
