// Open files and directories by the number (fh) under which the kernel knows them. An unknown number finds nothing: no
// request can make npyfs follow a stray pointer.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>

#include "core/base/mutex.h"

namespace npyfs {

// Thread-safe. Numbers are never used again.
template <typename T>
class Handles {
 public:
  // Returns the number of the object.
  std::uint64_t add(std::shared_ptr<T> object) {
    const std::uint64_t number = next_++;
    Shard& shard = shard_of(number);
    const MutexLock lock(shard.mutex);
    shard.objects.emplace(number, std::move(object));
    return number;
  }

  // Null if the number is unknown.
  std::shared_ptr<T> find(std::uint64_t number) {
    Shard& shard = shard_of(number);
    const MutexLock lock(shard.mutex);
    const auto found = shard.objects.find(number);
    return found == shard.objects.end() ? nullptr : found->second;
  }

  // Takes the object out; null if the number is unknown.
  std::shared_ptr<T> remove(std::uint64_t number) {
    Shard& shard = shard_of(number);
    const MutexLock lock(shard.mutex);
    const auto found = shard.objects.extract(number);
    return found.empty() ? nullptr : std::move(found.mapped());
  }

  std::size_t count() const {
    std::size_t count = 0;
    for (const Shard& shard : shards_) {
      const MutexLock lock(shard.mutex);
      count += shard.objects.size();
    }
    return count;
  }

 private:
  struct Shard {
    mutable Mutex mutex;  // no other lock is taken while holding it
    std::unordered_map<std::uint64_t, std::shared_ptr<T>> objects GUARDED_BY(mutex);
  };
  Shard& shard_of(std::uint64_t number) { return shards_[number % shards_.size()]; }

  std::atomic<std::uint64_t> next_ = 1;
  std::array<Shard, 16> shards_;  // so that readers of different files do not wait for each other
};

}  // namespace npyfs
