// A cache of open sources: many readers of one array cost one open and one read of the header.
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
#include "core/array/npz_archive.h"
#include "core/base/error.h"
#include "core/base/mutex.h"
#include "core/source/source_file.h"

namespace npyfs {

// Thread-safe. Keeps the most recently used sources open. A source that has left the cache stays open for as long as
// somebody holds it.
class SourceCache {
 public:
  using Clock = std::chrono::steady_clock;

  // Keeps at most `capacity` sources.
  SourceCache(const SourceRoot& root, SourceIo io, std::size_t capacity, WrittenHere written_here);

  // The file, or the array, at `path`, which has just been found with this status. If the file changes before it is
  // opened, the changed file is returned: check is_version_of(). Threads that ask for the same version share one open.
  // A file that could not be read is tried again the next time. A cached header whose file may have changed without a
  // new version is compared with the file again.
  Result<std::shared_ptr<const SourceFile>> file(const std::string& path, const struct stat& status);
  Result<std::shared_ptr<const NpyFile>> array(const std::string& path, const struct stat& status);
  // The same for an archive, and for a member of an archive as an array. kStale if the archive has no such member.
  Result<std::shared_ptr<const NpzArchive>> archive(const std::string& path, const struct stat& status);
  Result<std::shared_ptr<const NpyFile>> member(const std::string& path, const struct stat& status,
                                                const std::string& name);

  // Each cached header is compared with its file again before its next use: to be called after a change in the source
  // that may not show in any version.
  void distrust_headers() { ++changes_; }

  // Closes the sources that were not used since `deadline` (a filesystem with open files cannot be unmounted, and a
  // removed file keeps its blocks). Returns when the least recently used of the others was used;
  // Clock::time_point::max() if there is none.
  Clock::time_point close_unused_since(Clock::time_point deadline);

  std::size_t count() const;
  std::size_t mappings() const { return mappings_->count(); }

 private:
  struct Entry {
    explicit Entry(std::uint64_t entry_key) : key(entry_key) {}

    const std::uint64_t key;
    // Held while the source is opened; other threads that want it wait. Locked before the cache's mutex_.
    Mutex opening;
    // One of these, once it is open.
    std::shared_ptr<const SourceFile> file GUARDED_BY(opening);
    std::shared_ptr<const NpyFile> array GUARDED_BY(opening);
    std::shared_ptr<const NpzArchive> archive GUARDED_BY(opening);
    std::uint64_t changes GUARDED_BY(opening) = 0;  // changes_ before the header was last read or compared
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
  mutable Mutex mutex_;                 // While it is held, no other lock is taken, and no file is opened or closed.
  Entries entries_ GUARDED_BY(mutex_);  // most recently used first
  std::unordered_map<std::uint64_t, Entries::iterator> index_ GUARDED_BY(mutex_);
};

// The result of `call`. If it runs out of descriptors, closes the sources that are only cached, and calls it once more.
template <typename Call>
auto with_descriptors(SourceCache& sources, Call call) {
  auto result = call();
  if (result || result.error().kind != ErrorKind::kSystem) return result;
  if (result.error().os_error != EMFILE && result.error().os_error != ENFILE) return result;
  sources.close_unused_since(SourceCache::Clock::now());
  return call();
}

}  // namespace npyfs
