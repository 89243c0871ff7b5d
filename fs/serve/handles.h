// What the kernel has open, by number. A number that was never given out, or no longer, finds nothing: a request cannot
// make us follow a stray pointer.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace npyfs {

// Thread-safe. Numbers are never used again.
template <typename T>
class Handles {
 public:
  std::uint64_t add(std::shared_ptr<T> object) {
    const std::uint64_t number = next_++;
    Shard& shard = shard_of(number);
    const std::lock_guard lock(shard.mutex);
    shard.objects.emplace(number, std::move(object));
    return number;
  }

  // Null where there is none.
  std::shared_ptr<T> find(std::uint64_t number) {
    Shard& shard = shard_of(number);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.objects.find(number);
    return found == shard.objects.end() ? nullptr : found->second;
  }

  // Takes the object out; null where there is none.
  std::shared_ptr<T> remove(std::uint64_t number) {
    Shard& shard = shard_of(number);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.objects.extract(number);
    return found.empty() ? nullptr : std::move(found.mapped());
  }

  std::size_t count() const {
    std::size_t count = 0;
    for (const Shard& shard : shards_) {
      const std::lock_guard lock(shard.mutex);
      count += shard.objects.size();
    }
    return count;
  }

 private:
  struct Shard {
    mutable std::mutex mutex;  // guards objects; a leaf
    std::unordered_map<std::uint64_t, std::shared_ptr<T>> objects;
  };
  Shard& shard_of(std::uint64_t number) { return shards_[number % shards_.size()]; }

  std::atomic<std::uint64_t> next_ = 1;
  std::array<Shard, 16> shards_;  // readers of different files do not wait for each other
};

}  // namespace npyfs
