// Zeros around the items of a chunk that goes beyond the edge of its array: Zarr wants every chunk in full size.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/extent.h"

namespace npyfs {

// The items of a box, in C or in Fortran order, and behind them on each axis zeros up to a larger box. Positions are
// found in closed form.
class Padding {
 public:
  // No bytes.
  Padding() = default;
  // Items of `itemsize` bytes in a box of this shape, in a box of the shape `padded`, which is at least as long on
  // every axis. The bytes of the larger box fit into int64_t. The smaller box has items.
  Padding(std::uint64_t itemsize, std::span<const std::uint64_t> shape, std::span<const std::uint64_t> padded,
          bool fortran_order);

  std::uint64_t size() const { return size_; }  // bytes, with the zeros

  // Bytes of the shortest stretch of items and the zeros behind it: visit() is called at most once for each so many
  // bytes, and once more at either end.
  std::uint64_t block_size() const { return levels_.empty() ? size_ : levels_.back().size; }

  // The bytes of items among the first `end` bytes. end <= size().
  std::uint64_t items_before(std::uint64_t end) const;

  // Calls visit(items, zeros) for each part of bytes [offset, offset + size), in order: first an Extent of the items'
  // bytes, in the order of the items alone, and then so many bytes of zeros. Either may be of size 0. offset + size <=
  // size().
  template <typename Visit>
  void visit(std::uint64_t offset, std::uint64_t size, Visit visit) const;

 private:
  // Blocks of the larger box, of which the first `count` hold items.
  struct Level {
    std::uint64_t count = 0;
    std::uint64_t block = 0;  // bytes of each, with the zeros in it
    std::uint64_t items = 0;  // bytes of items in each
    std::uint64_t size = 0;   // bytes of all blocks, with those that hold no items
  };
  // The byte at `offset`: where it is among the items, and how many bytes from there on are items, or else zeros.
  struct Place {
    std::uint64_t item = 0;   // bytes of items before it
    std::uint64_t items = 0;  // 0 if the byte is one of the zeros
    std::uint64_t zeros = 0;
  };
  Place find(std::uint64_t offset) const;

  std::uint64_t size_ = 0;
  std::vector<Level> levels_;  // the slowest first; the blocks of the last one hold items alone
};

template <typename Visit>
void Padding::visit(std::uint64_t offset, std::uint64_t size, Visit visit) const {
  while (size > 0) {
    const Place place = find(offset);
    const std::uint64_t items = std::min(place.items, size);
    const std::uint64_t zeros = std::min(place.zeros, size - items);
    visit(Extent{place.item, items}, zeros);
    offset += items + zeros;
    size -= items + zeros;
  }
}

}  // namespace npyfs
