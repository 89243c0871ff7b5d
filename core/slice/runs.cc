#include "core/slice/runs.h"

#include <utility>

namespace npyfs {

Runs::Runs(Extent extent) : Runs(extent.offset, extent.size, static_cast<std::int64_t>(extent.size), 1) {}

Runs::Runs(std::uint64_t first, std::uint64_t size, std::int64_t stride, std::uint64_t count) {
  if (size == 0 || count == 0) return;
  first_ = first;
  run_ = size;
  size_ = size * count;
  add_level(count, stride);
  if (inner_.count == 0) inner_ = {1, static_cast<std::int64_t>(run_)};
}

Runs::Runs(const Geometry& geometry, bool fortran_order) {
  std::uint64_t items = 1;
  for (const std::uint64_t length : geometry.shape) {
    if (length == 0) return;
    items *= length;
  }
  if (geometry.itemsize == 0) return;
  first_ = geometry.offset;
  run_ = geometry.itemsize;
  size_ = items * geometry.itemsize;
  const std::size_t ndim = geometry.shape.size();
  for (std::size_t i = 0; i < ndim; ++i) {
    const std::size_t axis = fortran_order ? i : ndim - 1 - i;
    add_level(geometry.shape[axis], geometry.strides[axis]);
  }
  if (inner_.count == 0) inner_ = {1, static_cast<std::int64_t>(run_)};
  std::reverse(outer_.begin(), outer_.end());
}

// Adds an outermost level, or fuses it with the present outermost one. During construction outer_ is in reverse order:
// the outermost level is its last element.
void Runs::add_level(std::uint64_t count, std::int64_t stride) {
  if (count == 1) return;
  if (inner_.count == 0 && stride == static_cast<std::int64_t>(run_)) {
    run_ *= count;
    return;
  }
  Level& outermost = outer_.empty() ? inner_ : outer_.back();
  if (inner_.count == 0) {
    inner_ = {count, stride};
  } else if (stride == outermost.stride * static_cast<std::int64_t>(outermost.count)) {
    outermost.count *= count;
  } else {
    outer_.push_back({count, stride});
  }
}

// The start of run number `run`, relative to the start of the first run.
std::int64_t Runs::run_offset(std::uint64_t run) const {
  if (outer_.empty()) return static_cast<std::int64_t>(run) * inner_.stride;
  std::int64_t offset = static_cast<std::int64_t>(run % inner_.count) * inner_.stride;
  run /= inner_.count;
  for (std::size_t i = outer_.size(); i-- > 0;) {
    offset += static_cast<std::int64_t>(run % outer_[i].count) * outer_[i].stride;
    run /= outer_[i].count;
  }
  return offset;
}

// The lowest and the highest start of all runs of the levels from `depth` inwards, relative to the first run.
Runs::Range Runs::all_offsets(std::size_t depth) const {
  Range range{0, 0};
  for (; depth <= outer_.size(); ++depth) {
    const std::int64_t farthest = static_cast<std::int64_t>(level(depth).count - 1) * level(depth).stride;
    (farthest < 0 ? range.lowest : range.highest) += farthest;
  }
  return range;
}

// The same, but only of runs first to last, both included. These are in one block of the level, or they are the end of
// one block, any number of whole blocks, and the beginning of another one.
Runs::Range Runs::offsets(std::size_t depth, std::uint64_t first, std::uint64_t last) const {
  if (depth > outer_.size()) return {0, 0};
  std::uint64_t block = 1;  // runs for each step of this level
  for (std::size_t i = depth + 1; i <= outer_.size(); ++i) block *= level(i).count;
  if (first == 0 && last == block * level(depth).count - 1) return all_offsets(depth);
  const std::int64_t stride = level(depth).stride;
  const auto at = [&](std::uint64_t index, Range range) {
    const std::int64_t offset = static_cast<std::int64_t>(index) * stride;
    return Range{range.lowest + offset, range.highest + offset};
  };
  const auto both = [](Range a, Range b) {
    return Range{std::min(a.lowest, b.lowest), std::max(a.highest, b.highest)};
  };
  const std::uint64_t from = first / block;
  const std::uint64_t to = last / block;
  if (from == to) return at(from, offsets(depth + 1, first % block, last % block));
  const Range range =
      both(at(from, offsets(depth + 1, first % block, block - 1)), at(to, offsets(depth + 1, 0, last % block)));
  if (to - from == 1) return range;
  const Range whole = all_offsets(depth + 1);
  return both(range, both(at(from + 1, whole), at(to - 1, whole)));
}

Extent Runs::hull(std::uint64_t offset, std::uint64_t size) const {
  const std::uint64_t last_byte = offset + size - 1;
  const std::uint64_t first = offset / run_;
  const std::uint64_t last = last_byte / run_;
  if (first == last) return {position(offset), size};
  const Range range = offsets(0, first, last);
  // The range leaves out the bytes of the first run before `offset`, and those of the last run after the last byte.
  const std::uint64_t skipped = run_offset(first) == range.lowest ? offset % run_ : 0;
  const std::uint64_t used = run_offset(last) == range.highest ? last_byte % run_ + 1 : run_;
  const std::uint64_t start = first_ + static_cast<std::uint64_t>(range.lowest) + skipped;
  return {start, first_ + static_cast<std::uint64_t>(range.highest) + used - start};
}

}  // namespace npyfs
