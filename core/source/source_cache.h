// Sources that are open, so that many readers of one array cost one open and one header read.
#pragma once

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "core/base/error.h"
#include "core/source/source_file.h"

namespace npyfs {

// Thread-safe. Holds the most recently used sources open; a source that has left the cache lives on for as long as
// somebody has it open.
class SourceCache {
 public:
  using Clock = std::chrono::steady_clock;

  // Keeps at most `capacity` sources.
  SourceCache(const SourceRoot& root, SourceIo io, std::size_t capacity);

  // The file at `path`, which has just been seen to have this status. If it is another by the time it is opened, the
  // one that was opened is returned: SourceFile::is_version_of() tells. Two threads that ask for the same version share
  // one open. What could not be read is tried again the next time. A header that may be older than its version is
  // compared with the file's.
  Result<std::shared_ptr<const SourceFile>> get(const std::string& path, SourceRole role, const struct stat& status);

  // Something has changed in the source that no version may tell of: each header is compared once more.
  void doubt_headers() { ++doubts_; }

  // Closes what nobody has used since `deadline` (a filesystem with open files cannot be unmounted, and a removed file
  // keeps its blocks). Returns when the next one may be due, Clock::time_point::max() where nothing is open.
  Clock::time_point close_unused_since(Clock::time_point deadline);

  std::size_t count() const;
  std::size_t mappings() const { return mappings_->count(); }

 private:
  struct Entry {
    std::uint64_t key;
    std::mutex opening;  // held by the thread that opens the source; taken before nothing, after nothing but itself
    std::shared_ptr<const SourceFile> file;  // guarded by `opening`
    std::uint64_t doubts = 0;                // doubts_ from before its header was read or compared; as `file`
    Clock::time_point last_used;             // guarded by mutex_
  };
  using Entries = std::list<std::shared_ptr<Entry>>;

  std::shared_ptr<Entry> entry(std::uint64_t key);
  void drop(const std::shared_ptr<Entry>& entry);

  const SourceRoot& root_;
  const SourceIo io_;
  const std::size_t capacity_;
  const std::shared_ptr<MappingCache> mappings_;
  std::atomic<std::uint64_t> doubts_ = 0;
  mutable std::mutex mutex_;  // guards entries_ and index_; never held while a file is opened or closed
  Entries entries_;           // most recently used first
  std::unordered_map<std::uint64_t, Entries::iterator> index_;
};

// What `call` gives; where it has run out of descriptors, once more after the sources that nobody has open were closed.
template <typename Call>
auto with_descriptors(SourceCache& sources, Call call) {
  auto result = call();
  if (result || result.error().kind != ErrorKind::kSystem) return result;
  if (result.error().os_error != EMFILE && result.error().os_error != ENFILE) return result;
  sources.close_unused_since(SourceCache::Clock::now());
  return call();
}

}  // namespace npyfs
