#include "core/source/mapping_cache.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace npyfs {

Mapping::~Mapping() {
  if (size_ > 0) ::munmap(address_, size_);
}

Result<void> Mapping::map(int fd, std::uint64_t start, std::size_t size) {
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, static_cast<off_t>(start));
  if (address == MAP_FAILED) return std::unexpected(system_error("source", "mmap", errno));
  address_ = address;
  size_ = size;
  return {};
}

std::shared_ptr<const Mapping> MappingCache::find(const Key& key) {
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->mapping;
}

Result<std::shared_ptr<const Mapping>> MappingCache::window(std::uint64_t file_id, int fd, std::uint64_t index,
                                                            std::uint64_t file_size) {
  const Key key{file_id, index};
  {
    const MutexLock lock(mutex_);
    if (auto found = find(key)) return found;
  }
  const std::uint64_t start = index * kWindowSize;
  const auto size = static_cast<std::size_t>(std::min(kWindowSize, file_size - start));
  auto mapping = std::make_shared<Mapping>();
  if (auto mapped = mapping->map(fd, start, size); !mapped) return std::unexpected(mapped.error());
  Entries evicted;  // unmapped after the lock is released
  const MutexLock lock(mutex_);
  if (auto found = find(key)) return found;  // another thread has mapped it meanwhile: `mapping` is dropped
  Entries added;
  added.push_front({key, mapping});
  index_.emplace(key, added.begin());  // the last call that may throw
  entries_.splice(entries_.begin(), added);
  mapped_bytes_ += size;
  evict_surplus(evicted);
  return mapping;
}

void MappingCache::evict_surplus(Entries& evicted) {
  while (entries_.size() > 1 && (mapped_bytes_ > max_bytes_ || entries_.size() > max_windows_)) {
    mapped_bytes_ -= entries_.back().mapping->size();
    index_.erase(entries_.back().key);
    evicted.splice(evicted.begin(), entries_, std::prev(entries_.end()));
  }
}

void MappingCache::forget_file(std::uint64_t file_id) {
  Entries forgotten;  // unmapped after the lock is released
  const MutexLock lock(mutex_);
  auto window = index_.lower_bound(Key{file_id, 0});
  while (window != index_.end() && window->first.file_id == file_id) {
    mapped_bytes_ -= window->second->mapping->size();
    forgotten.splice(forgotten.begin(), entries_, window->second);
    window = index_.erase(window);
  }
}

std::size_t MappingCache::count() const {
  const MutexLock lock(mutex_);
  return entries_.size();
}

}  // namespace npyfs
