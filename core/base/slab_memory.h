// Memory for small things that come and go by the million.
#pragma once

#include <array>
#include <cstddef>
#include <memory_resource>

namespace npyfs {

// Hands out pieces of slabs, each slab for pieces of one size, and gives a slab back as soon as nothing in it is in
// use.
//
// malloc does not: glibc keeps a few freed pieces of each size for each thread, and every one of them keeps a page of
// the heap, 700 KiB in all once a million nodes had come and gone. Neither do the pools of std::pmr: they free nothing
// before they are released as a whole. Not thread-safe.
class SlabMemory final : public std::pmr::memory_resource {
 public:
  // Larger pieces, and those aligned to more than any scalar type is, come from operator new.
  static constexpr std::size_t kLargest = 256;  // bytes

  SlabMemory() = default;
  SlabMemory(const SlabMemory&) = delete;
  SlabMemory& operator=(const SlabMemory&) = delete;
  // All pieces must have been given back.
  ~SlabMemory() override = default;

  // Slabs now held.
  std::size_t slabs() const { return slabs_; }

 private:
  struct Slab;
  // Sizes, in bytes, are rounded up to a multiple of it.
  static constexpr std::size_t kGrain = alignof(std::max_align_t);

  static bool fits(std::size_t size, std::size_t alignment) {
    return size > 0 && size <= kLargest && alignment <= kGrain;
  }
  void* do_allocate(std::size_t size, std::size_t alignment) override;
  void do_deallocate(void* piece, std::size_t size, std::size_t alignment) override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override { return this == &other; }

  void link(Slab* slab);
  void unlink(Slab* slab);

  std::array<Slab*, kLargest / kGrain> with_room_ = {};  // for each size, the first of a list
  std::size_t slabs_ = 0;
};

}  // namespace npyfs
