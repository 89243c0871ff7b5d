// Read-only mappings of source files, in windows, with a bound on how much is mapped at a time.
//
// One window serves all readers of its part of a file. The bound is on address space, and by that on page tables, which
// a memory limit counts too: 8 bytes for each mapped page of 4 KiB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "core/base/error.h"

namespace npyfs {

// The bytes of a file from some offset on. Nobody but the kernel may look at them: a file that was truncated raises
// SIGBUS in user code, and EFAULT from a system call that is given the address.
class Mapping {
 public:
  Mapping() = default;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping();

  // Maps bytes [start, start + size) of the file open at `fd`. To be called once. kSystem where they cannot be mapped.
  Result<void> map(int fd, std::uint64_t start, std::size_t size);

  std::byte* address() const { return static_cast<std::byte*>(address_); }
  std::size_t size() const { return size_; }

 private:
  void* address_ = nullptr;
  std::size_t size_ = 0;
};

// Thread-safe. A mapping that has left the cache lives on for as long as somebody holds it.
class MappingCache {
 public:
  // Window i of a file is its bytes [i * kWindowSize, (i + 1) * kWindowSize). A multiple of every page size and of the
  // size of a huge page, so that large folios can be mapped as such.
  static constexpr std::uint64_t kWindowSize = std::uint64_t{256} << 20;

  // Keeps at most `max_bytes` mapped, and at most `max_windows` windows; one window is always granted.
  MappingCache(std::size_t max_bytes, std::size_t max_windows) : max_bytes_(max_bytes), max_windows_(max_windows) {}

  // Window `index` of the file open at `fd`, as far as the file's `file_size` bytes go. `file_id` tells files apart and
  // is never used again for another. index * kWindowSize < file_size. kSystem where it cannot be mapped: the subject is
  // for the caller to name.
  Result<std::shared_ptr<const Mapping>> window(std::uint64_t file_id, int fd, std::uint64_t index,
                                                std::uint64_t file_size);

  // Lets go of all windows of a file that is being closed.
  void forget_file(std::uint64_t file_id);

  // Windows now in the cache.
  std::size_t count() const;

 private:
  struct Key {
    std::uint64_t file_id;
    std::uint64_t index;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  struct Entry {
    Key key;
    std::shared_ptr<const Mapping> mapping;
  };
  using Entries = std::list<Entry>;

  // Moves what must go to `evicted`, for the caller to drop once the lock is released: munmap takes its time.
  void evict_surplus(Entries& evicted);

  const std::size_t max_bytes_;
  const std::size_t max_windows_;
  mutable std::mutex mutex_;  // guards what follows; a leaf: nothing else is locked under it
  Entries entries_;           // most recently used first
  std::unordered_map<Key, Entries::iterator, KeyHash> index_;
  std::size_t mapped_bytes_ = 0;
};

}  // namespace npyfs
