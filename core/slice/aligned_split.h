// Chunks whose edges are page edges of the source file, so that no two chunks share a page: for cluster filesystems
// that lock or transfer whole pages.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/slice/array_split.h"
#include "core/slice/geometry.h"

namespace npyfs {

// Bytes. Independent of the page size of the machine, so that a name means the same on every node of a cluster.
inline constexpr std::uint64_t kAlignment = 4096;

// Divides the rows of one dimension of a view into the smallest units that begin at page edges. The first unit begins
// with the view.
class AlignedUnits {
 public:
  // dimension < geometry.shape.size(). There is only one unit if the rows are not consecutive in the file (only those
  // of the slowest dimension are), or if no row but the first begins at a page edge.
  AlignedUnits(const Geometry& geometry, std::size_t dimension, bool fortran_order);

  // The largest number of chunks: at least 1.
  std::uint64_t count() const { return count_; }

  // The rows of chunk `index` of `sections`: array_split() of the units. index < sections <= count().
  RowRange rows_of(std::uint64_t index, std::uint64_t sections) const;

 private:
  std::uint64_t start_of(std::uint64_t unit) const;

  std::uint64_t rows_ = 0;
  std::uint64_t first_ = 0;  // the first row after row 0 that begins at a page edge
  std::uint64_t step_ = 0;   // rows from one of these to the next
  std::uint64_t count_ = 1;
};

}  // namespace npyfs
