// Chunks whose edges are page edges of the source file, so that no two of them have a page in common: for filesystems
// of many nodes that lock or send whole pages.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/slice/array_split.h"
#include "core/slice/geometry.h"

namespace npyfs {

// The same on every node, whatever its processor: names mean the same everywhere. Bytes.
inline constexpr std::uint64_t kAlignment = 4096;

// The rows of one dimension of a view in units. Each unit begins at a page edge, but for the first, which begins with
// the view; none can be split.
class AlignedUnits {
 public:
  // dimension < geometry.shape.size(). There is one unit if rows are not one after the other in the file (as in all
  // dimensions but the slowest one), or none begins at a page edge.
  AlignedUnits(const Geometry& geometry, std::size_t dimension, bool fortran_order);

  // The largest number of chunks: at least 1.
  std::uint64_t count() const { return count_; }

  // The rows of chunk `index` of `sections`, each of about as many units. index < sections <= count().
  RowRange rows_of(std::uint64_t index, std::uint64_t sections) const;

 private:
  std::uint64_t start_of(std::uint64_t unit) const;

  std::uint64_t rows_ = 0;
  std::uint64_t first_ = 0;  // the first row but row 0 that begins at a page edge
  std::uint64_t step_ = 0;   // from there to the next
  std::uint64_t count_ = 1;
};

}  // namespace npyfs
