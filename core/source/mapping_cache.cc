#include "core/source/mapping_cache.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

#include "core/paths/file_version.h"

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

std::size_t MappingCache::KeyHash::operator()(const Key& key) const {
  return mix(key.file_id, key.index);
}

Result<std::shared_ptr<const Mapping>> MappingCache::window(std::uint64_t file_id, int fd, std::uint64_t index,
                                                            std::uint64_t file_size) {
  const Key key{file_id, index};
  Entries evicted;
  const std::lock_guard lock(mutex_);
  if (const auto found = index_.find(key); found != index_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->mapping;
  }
  const std::uint64_t start = index * kWindowSize;
  const auto size = static_cast<std::size_t>(std::min(kWindowSize, file_size - start));
  auto mapping = std::make_shared<Mapping>();
  if (auto mapped = mapping->map(fd, start, size); !mapped) return std::unexpected(mapped.error());
  Entries added;
  added.push_front({key, mapping});
  index_.emplace(key, added.begin());  // the last that may throw
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
  Entries forgotten;
  const std::lock_guard lock(mutex_);
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (entry->key.file_id == file_id) {
      mapped_bytes_ -= entry->mapping->size();
      index_.erase(entry->key);
      forgotten.splice(forgotten.begin(), entries_, entry);
    }
    entry = next;
  }
}

std::size_t MappingCache::count() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace npyfs
