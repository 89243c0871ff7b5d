// Read-only mappings of source files, in windows. The total size of all mappings is bounded.
//
// All readers of a part of a file share one window. The bound is on address space, and so on page tables, which count
// against a memory limit: 8 bytes for each mapped page of 4 KiB.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>

#include "core/base/error.h"
#include "core/base/mutex.h"

namespace npyfs {

// A range of bytes of a file, mapped. User code must not read these bytes but by copy_guarded(): if the file has been
// truncated, that raises SIGBUS. A system call that gets their address fails with EFAULT.
class Mapping {
 public:
  Mapping() = default;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping();

  // Maps bytes [start, start + size) of the file open at `fd`. To be called once. kSystem if they cannot be mapped.
  Result<void> map(int fd, std::uint64_t start, std::size_t size);

  std::byte* address() const { return static_cast<std::byte*>(address_); }
  std::size_t size() const { return size_; }

 private:
  void* address_ = nullptr;
  std::size_t size_ = 0;
};

// Thread-safe. A mapping that has left the cache stays valid for as long as somebody holds it.
class MappingCache {
 public:
  // Window i of a file is bytes [i * kWindowSize, (i + 1) * kWindowSize). A multiple of every page size and of the size
  // of a huge page, so the kernel can map large folios as such.
  static constexpr std::uint64_t kWindowSize = std::uint64_t{256} << 20;

  // Keeps at most `max_bytes` mapped, in at most `max_windows` windows. A single window is kept whatever its size.
  MappingCache(std::size_t max_bytes, std::size_t max_windows) : max_bytes_(max_bytes), max_windows_(max_windows) {}

  // Window `index` of the file open at `fd`, up to the file's end at `file_size`. `file_id` identifies the file and is
  // never reused for another one. index * kWindowSize < file_size. kSystem if it cannot be mapped: the caller sets the
  // error's subject.
  Result<std::shared_ptr<const Mapping>> window(std::uint64_t file_id, int fd, std::uint64_t index,
                                                std::uint64_t file_size) EXCLUDES(mutex_);

  // Drops all windows of a file that is being closed. Takes time for that file's windows only.
  void forget_file(std::uint64_t file_id) EXCLUDES(mutex_);

  // Windows now in the cache.
  std::size_t count() const EXCLUDES(mutex_);

 private:
  struct Key {
    std::uint64_t file_id;
    std::uint64_t index;
    auto operator<=>(const Key&) const = default;
  };
  struct Entry {
    Key key;
    std::shared_ptr<const Mapping> mapping;
  };
  using Entries = std::list<Entry>;

  // Null if the window is not there. Makes it the most recently used one.
  std::shared_ptr<const Mapping> find(const Key& key) REQUIRES(mutex_);
  // Moves what exceeds the bounds to `evicted`. The caller drops it after it has released the lock.
  void evict_surplus(Entries& evicted) REQUIRES(mutex_);

  const std::size_t max_bytes_;
  const std::size_t max_windows_;
  // No other lock is taken while it is held, and nothing is mapped or unmapped: that takes time.
  mutable Mutex mutex_;
  Entries entries_ GUARDED_BY(mutex_);                         // most recently used first
  std::map<Key, Entries::iterator> index_ GUARDED_BY(mutex_);  // ordered: the windows of a file are neighbours
  std::size_t mapped_bytes_ GUARDED_BY(mutex_) = 0;
};

}  // namespace npyfs
