#include "core/array/source_cache.h"

#include <functional>

#include "core/base/hash.h"

namespace npyfs {
namespace {

constexpr std::size_t kMaxMappedBytes = std::size_t{8} << 30;  // 16 MiB of page tables
constexpr std::size_t kMaxWindows = 1024;

// One source may be open as several of these: each is an entry.
enum class OpenedAs : std::uint64_t { kFile, kArray, kArchive, kMember };

std::uint64_t key_of(const FileVersion& version, OpenedAs as) {
  return mix(version.hash(), static_cast<std::uint64_t>(as));
}

}  // namespace

SourceCache::SourceCache(const SourceRoot& root, SourceIo io, std::size_t capacity, WrittenHere written_here)
    : root_(root),
      io_(io),
      capacity_(capacity),
      written_here_(written_here),
      mappings_(std::make_shared<MappingCache>(kMaxMappedBytes, kMaxWindows)) {}

std::shared_ptr<SourceCache::Entry> SourceCache::entry(std::uint64_t key) {
  std::shared_ptr<Entry> evicted;  // closed after the lock is released
  const MutexLock lock(mutex_);
  if (const auto found = index_.find(key); found != index_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
  } else {
    if (entries_.size() >= capacity_) {
      evicted = entries_.back();
      index_.erase(evicted->key);
      entries_.pop_back();
    }
    Entries added;
    added.push_front(std::make_shared<Entry>(key));
    index_.emplace(key, added.begin());  // the last call that may throw
    entries_.splice(entries_.begin(), added);
  }
  entries_.front()->last_used = Clock::now();
  return entries_.front();
}

void SourceCache::drop(const std::shared_ptr<Entry>& entry) {
  const MutexLock lock(mutex_);
  const auto found = index_.find(entry->key);
  if (found == index_.end() || *found->second != entry) return;
  entries_.erase(found->second);
  index_.erase(found);
}

Result<std::shared_ptr<const SourceFile>> SourceCache::file(const std::string& path, const struct stat& status) {
  const auto shared = entry(key_of(FileVersion::of(status), OpenedAs::kFile));
  const MutexLock opening(shared->opening);
  if (shared->file) return shared->file;
  auto file = SourceFile::open(root_, path, io_, mappings_);
  if (file && (*file)->is_version_of(status)) {
    shared->file = *file;
  } else {
    drop(shared);
  }
  return file;
}

Result<std::shared_ptr<const NpyFile>> SourceCache::array(const std::string& path, const struct stat& status) {
  const bool times_count = written_here_ == WrittenHere::kNo;
  const auto version = FileVersion::of(status);
  const auto shared = entry(key_of(times_count ? version : version.without_times(), OpenedAs::kArray));
  const MutexLock opening(shared->opening);
  const std::uint64_t changes = changes_;
  if (shared->array) {
    const HeaderGuard& guard = *shared->array->guard();
    const bool is_sure = times_count && !guard.is_racy() && shared->changes == changes;
    if (is_sure || guard.check()) {
      shared->changes = changes;
      return shared->array;
    }
  }
  auto array = NpyFile::open(root_, path, io_, mappings_, written_here_);
  shared->changes = changes;
  if (array && (*array)->is_version_of(status) && !(*array)->is_unreadable()) {
    shared->array = *array;
  } else {
    shared->array = nullptr;  // others may wait for this entry
    drop(shared);
  }
  return array;
}

Result<std::shared_ptr<const NpzArchive>> SourceCache::archive(const std::string& path, const struct stat& status) {
  const auto shared = entry(key_of(FileVersion::of(status), OpenedAs::kArchive));
  const MutexLock opening(shared->opening);
  const std::uint64_t changes = changes_;
  if (shared->archive) {
    const bool is_sure = !shared->archive->is_racy() && shared->changes == changes;
    if (is_sure || shared->archive->check()) {
      shared->changes = changes;
      return shared->archive;
    }
  }
  auto archive = NpzArchive::open(root_, path, io_, mappings_);
  shared->changes = changes;
  if (archive && (*archive)->file()->is_version_of(status)) {
    shared->archive = *archive;
  } else {
    shared->archive = nullptr;
    drop(shared);
  }
  return archive;
}

// No two entries are locked at a time. The member's entry is that of one central directory.
Result<std::shared_ptr<const NpyFile>> SourceCache::member(const std::string& path, const struct stat& status,
                                                           const std::string& name) {
  const auto archive = this->archive(path, status);
  if (!archive) return std::unexpected(archive.error());
  if (!(*archive)->names().find(name)) {
    return std::unexpected(Error{ErrorKind::kStale, path + "/" + name, "is no longer a member of the archive"});
  }
  const std::uint64_t key = key_of((*archive)->file()->version(), OpenedAs::kMember);
  const auto shared = entry(mix(mix(key, (*archive)->hash()), std::hash<std::string>()(name)));
  const MutexLock opening(shared->opening);
  const std::uint64_t changes = changes_;
  if (shared->array) {
    const HeaderGuard& guard = *shared->array->guard();
    if ((!guard.is_racy() && shared->changes == changes) || guard.check()) {
      shared->changes = changes;
      return shared->array;
    }
  }
  auto array = NpyFile::open_member(**archive, name);
  shared->changes = changes;
  if (array && !(*array)->is_unreadable()) {
    shared->array = *array;
  } else {
    shared->array = nullptr;
    drop(shared);
  }
  return array;
}

SourceCache::Clock::time_point SourceCache::close_unused_since(Clock::time_point deadline) {
  Entries closed;  // after the lock is released
  const MutexLock lock(mutex_);
  while (!entries_.empty() && entries_.back()->last_used <= deadline) {
    index_.erase(entries_.back()->key);
    closed.splice(closed.begin(), entries_, std::prev(entries_.end()));
  }
  return entries_.empty() ? Clock::time_point::max() : entries_.back()->last_used;
}

std::size_t SourceCache::count() const {
  const MutexLock lock(mutex_);
  return entries_.size();
}

}  // namespace npyfs
