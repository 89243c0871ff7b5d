#include "core/base/slab_memory.h"

#include <bit>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace npyfs {
namespace {

constexpr std::size_t kAlignment = std::size_t{16} << 10;  // of a slab, so that a piece's address tells its slab
// Two words less than that: glibc puts them before each piece of memory, and slabs can then lie side by side.
constexpr std::size_t kSlabSize = kAlignment - 2 * sizeof(std::size_t);

struct FreePiece {
  FreePiece* next;
};

}  // namespace

// The head of a slab; its pieces follow.
struct alignas(std::max_align_t) SlabMemory::Slab {
  std::size_t size_class;  // pieces are of (size_class + 1) * kGrain bytes
  std::size_t used = 0;    // pieces
  std::size_t fresh = 0;   // pieces from here on were never handed out
  FreePiece* free = nullptr;
  Slab* previous = nullptr;
  Slab* next = nullptr;

  std::size_t piece_size() const { return (size_class + 1) * kGrain; }
  std::size_t capacity() const { return (kSlabSize - sizeof(Slab)) / piece_size(); }
  bool is_full() const { return used == capacity(); }

  void* take() {
    ++used;
    if (free == nullptr) return std::bit_cast<std::byte*>(this) + sizeof(Slab) + fresh++ * piece_size();
    void* piece = free;
    free = free->next;
    return piece;
  }

  void give_back(void* piece) {
    free = new (piece) FreePiece{free};
    --used;
  }

  static Slab* of(void* piece) {
    return std::bit_cast<Slab*>(std::bit_cast<std::uintptr_t>(piece) & ~(kAlignment - 1));
  }
};

void* SlabMemory::do_allocate(std::size_t size, std::size_t alignment) {
  if (!fits(size, alignment)) return std::pmr::new_delete_resource()->allocate(size, alignment);
  const std::size_t size_class = (size - 1) / kGrain;
  if (with_room_[size_class] == nullptr) {
    void* memory = nullptr;  // not by operator new, which in libstdc++ rounds the size up to the alignment
    if (::posix_memalign(&memory, kAlignment, kSlabSize) != 0) throw std::bad_alloc();
    link(new (memory) Slab{.size_class = size_class});
    ++slabs_;
  }
  Slab* slab = with_room_[size_class];
  void* piece = slab->take();
  if (slab->is_full()) unlink(slab);
  return piece;
}

void SlabMemory::do_deallocate(void* piece, std::size_t size, std::size_t alignment) {
  if (!fits(size, alignment)) {
    return std::pmr::new_delete_resource()->deallocate(piece, size, alignment);
  }
  Slab* slab = Slab::of(piece);
  if (slab->is_full()) link(slab);
  slab->give_back(piece);
  if (slab->used > 0) return;
  unlink(slab);
  std::free(slab);
  --slabs_;
}

void SlabMemory::link(Slab* slab) {
  Slab*& first = with_room_[slab->size_class];
  slab->previous = nullptr;
  slab->next = first;
  if (first != nullptr) first->previous = slab;
  first = slab;
}

void SlabMemory::unlink(Slab* slab) {
  (slab->previous != nullptr ? slab->previous->next : with_room_[slab->size_class]) = slab->next;
  if (slab->next != nullptr) slab->next->previous = slab->previous;
}

}  // namespace npyfs
