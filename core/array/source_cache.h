// Sources that are open, so that many readers of one array cost one open and one header read.
#pragma once

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "core/array/npy_file.h"
#include "core/base/error.h"
#include "core/base/mutex.h"
#include "core/source/source_file.h"

namespace npyfs {

// Thread-safe. Keeps the most recently used sources open; a source that has left the cache stays open for as long as
// somebody uses it.
class SourceCache {
 public:
  using Clock = std::chrono::steady_clock;

  // Keeps at most `capacity` sources.
  SourceCache(const SourceRoot& root, SourceIo io, std::size_t capacity, WrittenHere written_here);

  // The file, or the array, at `path`, which has just been seen to have this status. If the file changes before it is
  // opened, the changed file is returned: is_version_of() tells. Threads that ask for the same version share one open.
  // What could not be read is tried again the next time. A header that may be older than its version is compared with
  // the file's.
  Result<std::shared_ptr<const SourceFile>> file(const std::string& path, const struct stat& status);
  Result<std::shared_ptr<const NpyFile>> array(const std::string& path, const struct stat& status);

  // Has each header compared once more: something has changed in the source that no version may tell of.
  void distrust_headers() { ++changes_; }

  // Closes what nobody has used since `deadline` (a filesystem with open files cannot be unmounted, and a removed file
  // keeps its blocks). Returns when the next one may be due, Clock::time_point::max() if nothing is open.
  Clock::time_point close_unused_since(Clock::time_point deadline);

  std::size_t count() const;
  std::size_t mappings() const { return mappings_->count(); }

 private:
  struct Entry {
    explicit Entry(std::uint64_t entry_key) : key(entry_key) {}

    const std::uint64_t key;
    // Held while the source is opened, so that others wait for it. Locked before the cache's own mutex_.
    Mutex opening;
    // One of these, once it is open.
    std::shared_ptr<const SourceFile> file GUARDED_BY(opening);
    std::shared_ptr<const NpyFile> array GUARDED_BY(opening);
    std::uint64_t changes GUARDED_BY(opening) = 0;  // changes_ before the header was read or compared
    Clock::time_point last_used;                    // guarded by the cache's mutex_
  };
  using Entries = std::list<std::shared_ptr<Entry>>;

  std::shared_ptr<Entry> entry(std::uint64_t key) EXCLUDES(mutex_);
  void drop(const std::shared_ptr<Entry>& entry) EXCLUDES(mutex_);

  const SourceRoot& root_;
  const SourceIo io_;
  const std::size_t capacity_;
  const WrittenHere written_here_;
  const std::shared_ptr<MappingCache> mappings_;
  std::atomic<std::uint64_t> changes_ = 0;
  mutable Mutex mutex_;                    // a leaf: no other lock is taken, and no file opened or closed, under it
  Entries entries_ GUARDED_BY(mutex_);     // most recently used first
  std::unordered_map<std::uint64_t, Entries::iterator> index_ GUARDED_BY(mutex_);
};

// What `call` gives; if it has run out of descriptors, once more after the sources that nobody uses were closed.
template <typename Call>
auto with_descriptors(SourceCache& sources, Call call) {
  auto result = call();
  if (result || result.error().kind != ErrorKind::kSystem) return result;
  if (result.error().os_error != EMFILE && result.error().os_error != ENFILE) return result;
  sources.close_unused_since(SourceCache::Clock::now());
  return call();
}

}  // namespace npyfs
