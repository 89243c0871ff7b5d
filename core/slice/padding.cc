#include "core/slice/padding.h"

namespace npyfs {

Padding::Padding(std::uint64_t itemsize, std::span<const std::uint64_t> shape, std::span<const std::uint64_t> padded,
                 bool fortran_order) {
  std::uint64_t block = itemsize;
  std::uint64_t items = itemsize;
  const std::size_t ndim = shape.size();
  for (std::size_t i = 0; i < ndim; ++i) {
    const std::size_t axis = fortran_order ? i : ndim - 1 - i;
    // An axis without zeros is one with the axis above it.
    if (shape[axis] != padded[axis]) {
      levels_.push_back({.count = shape[axis], .block = block, .items = items, .size = block * padded[axis]});
    }
    block *= padded[axis];
    items *= shape[axis];
  }
  size_ = block;
  std::ranges::reverse(levels_);
}

// Each level's blocks lie in blocks of the level above. Between the two may be axes without zeros, over which the
// blocks of this level are repeated.
Padding::Place Padding::find(std::uint64_t offset) const {
  std::uint64_t item = 0;
  std::uint64_t left = size_ - offset;  // as if there were items alone
  for (const Level& level : levels_) {
    item += offset / level.size * (level.count * level.items);
    offset %= level.size;
    const std::uint64_t index = offset / level.block;
    if (index >= level.count) return {item + level.count * level.items, 0, level.size - offset};
    item += index * level.items;
    left = level.count * level.block - offset;
    offset %= level.block;
  }
  if (levels_.empty()) return {offset, left, 0};
  const Level& innermost = levels_.back();
  return {item + offset, left, innermost.size - innermost.count * innermost.block};
}

std::uint64_t Padding::items_before(std::uint64_t end) const {
  if (end == 0) return 0;
  const Place last = find(end - 1);
  return last.item + (last.items == 0 ? 0 : 1);
}

}  // namespace npyfs
