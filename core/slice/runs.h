// The bytes of a view, in the order of its .npy file, as runs of consecutive bytes of the source file.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "core/base/extent.h"
#include "core/slice/geometry.h"

namespace npyfs {

// All runs have the same size. Their starts form nested levels, each with a count and a stride, like the axes of an
// array. Neighbouring levels are fused if possible: a contiguous view is one run, a chunk along another axis has one
// level, and only slices of three and more axes need more levels. All functions except the visits are closed forms: a
// view of a petabyte costs as much as one of a page.
//
// All values are in bytes, except counts. Products and sums fit into int64_t, since those of the array do.
class Runs {
 public:
  // `count` repetitions, `stride` bytes apart. The stride may be negative.
  struct Level {
    std::uint64_t count = 0;
    std::int64_t stride = 0;
    bool operator==(const Level&) const = default;
  };

  // No bytes.
  Runs() = default;
  // The bytes [offset, offset + size) of a file, in one run.
  explicit Runs(Extent extent);
  // `count` runs of `size` bytes, `stride` bytes apart. The first one starts at byte `first` of the file.
  Runs(std::uint64_t first, std::uint64_t size, std::int64_t stride, std::uint64_t count);
  // The items of a geometry, in C order or in Fortran order.
  Runs(const Geometry& geometry, bool fortran_order);

  std::uint64_t size() const { return size_; }           // of all runs together
  std::uint64_t run_size() const { return run_; }        // of each run; 0 if there are no bytes
  std::uint64_t first() const { return first_; }         // start of the first run in the file
  std::int64_t stride() const { return inner_.stride; }  // from one run to the next in the innermost level
  bool is_contiguous() const { return run_ == size_; }   // one run at most
  std::uint64_t count() const { return run_ == 0 ? 0 : size_ / run_; }
  bool has_one_level() const { return outer_.empty(); }

  // Where byte `i` of the view is in the file. i < size().
  std::uint64_t position(std::uint64_t i) const {
    return first_ + static_cast<std::uint64_t>(run_offset(i / run_)) + i % run_;
  }

  // The smallest range of the file that contains bytes [offset, offset + size) of the view; it may contain gaps. size >
  // 0, offset + size <= size().
  Extent hull(std::uint64_t offset, std::uint64_t size) const;

  // Calls visit(Extent) for each piece of the file that bytes [offset, offset + size) of the view consist of, in order.
  // If visit returns bool, the first false stops. Returns whether all pieces were visited. offset + size <= size().
  template <typename Visit>
  bool visit(std::uint64_t offset, std::uint64_t size, Visit visit) const;

  // The same in fewer visits: calls visit(Row) with runs that are equally far from each other.
  struct Row {
    std::uint64_t offset;  // of the first one in the file
    std::uint64_t size;    // bytes of each
    std::int64_t stride;   // bytes from one to the next
    std::uint64_t count;
  };
  template <typename Visit>
  bool visit_rows(std::uint64_t offset, std::uint64_t size, Visit visit) const;

  bool operator==(const Runs&) const = default;

 private:
  struct Range {
    std::int64_t lowest;
    std::int64_t highest;
  };

  void add_level(std::uint64_t count, std::int64_t stride);
  std::int64_t run_offset(std::uint64_t run) const;
  const Level& level(std::size_t i) const { return i < outer_.size() ? outer_[i] : inner_; }
  Range all_offsets(std::size_t depth) const;
  Range offsets(std::size_t depth, std::uint64_t first, std::uint64_t last) const;
  template <typename Visit>
  bool visit_many(std::uint64_t offset, std::uint64_t size, Visit& visit) const;
  template <typename Visit>
  bool visit_row(std::uint64_t row, std::uint64_t offset, std::uint64_t size, Visit& visit) const;
  template <typename VisitRow>
  bool visit_parts_of_rows(std::uint64_t offset, std::uint64_t size, VisitRow visit_row) const;

  std::uint64_t first_ = 0;
  std::uint64_t run_ = 0;
  std::uint64_t size_ = 0;
  Level inner_;               // count 1 if there is one run
  std::vector<Level> outer_;  // the slowest first
};

// Returns what `visit` returns, true if that is nothing.
template <typename Visit>
bool visit_extent(Visit& visit, Extent extent) {
  if constexpr (std::is_same_v<std::invoke_result_t<Visit&, Extent>, bool>) {
    return visit(extent);
  } else {
    visit(extent);
    return true;
  }
}

// Visits runs of one row, that is, of the innermost level. `row` is the start of the row in the file.
template <typename Visit>
bool Runs::visit_row(std::uint64_t row, std::uint64_t offset, std::uint64_t size, Visit& visit) const {
  const auto stride = static_cast<std::uint64_t>(inner_.stride);  // a negative stride wraps around, which is intended
  std::uint64_t run = row + offset / run_ * stride;
  std::uint64_t within = offset % run_;
  while (size > 0) {
    const std::uint64_t length = std::min(size, run_ - within);
    if (!visit_extent(visit, Extent{run + within, length})) return false;
    size -= length;
    within = 0;
    run += stride;
  }
  return true;
}

// Calls visit_row(start of the row in the file, offset within the row, bytes) for each row.
template <typename VisitRow>
bool Runs::visit_parts_of_rows(std::uint64_t offset, std::uint64_t size, VisitRow visit_row) const {
  if (size == 0) return true;
  if (outer_.empty()) return visit_row(first_, offset, size);
  const std::uint64_t row_size = run_ * inner_.count;
  while (size > 0) {
    const std::uint64_t row = offset / row_size;
    const std::uint64_t within = offset % row_size;
    const std::uint64_t length = std::min(size, row_size - within);
    if (!visit_row(first_ + static_cast<std::uint64_t>(run_offset(row * inner_.count)), within, length)) return false;
    offset += length;
    size -= length;
  }
  return true;
}

template <typename Visit>
bool Runs::visit(std::uint64_t offset, std::uint64_t size, Visit visit) const {
  // Most views are contiguous, and need no division.
  if (is_contiguous()) return size == 0 || visit_extent(visit, Extent{first_ + offset, size});
  return visit_many(offset, size, visit);
}

// Not inlined, so that the contiguous case keeps its caller's variables in registers.
template <typename Visit>
[[gnu::noinline]] bool Runs::visit_many(std::uint64_t offset, std::uint64_t size, Visit& visit) const {
  return visit_parts_of_rows(offset, size, [&](std::uint64_t row, std::uint64_t within, std::uint64_t length) {
    return visit_row(row, within, length, visit);
  });
}

template <typename Visit>
bool Runs::visit_rows(std::uint64_t offset, std::uint64_t size, Visit visit) const {
  return visit_parts_of_rows(offset, size, [&](std::uint64_t row, std::uint64_t within, std::uint64_t length) {
    std::uint64_t run = row + within / run_ * static_cast<std::uint64_t>(inner_.stride);
    const auto add = [&](std::uint64_t skipped, std::uint64_t bytes, std::uint64_t count) {
      if (count == 0 || bytes == 0) return true;
      const bool goes_on = visit(Row{run + skipped, bytes, inner_.stride, count});
      run += count * static_cast<std::uint64_t>(inner_.stride);
      length -= bytes * count;
      return goes_on;
    };
    const std::uint64_t skipped = within % run_;  // of the first run, if a part of it is wanted
    if (skipped != 0 && !add(skipped, std::min(length, run_ - skipped), 1)) return false;
    return add(0, run_, length / run_) && add(0, length % run_, 1);
  });
}

}  // namespace npyfs
