// Where the items of an array, or of a view of it, are in a file: numpy's offset, shape and strides.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace npyfs {

// The length of each axis. Empty: a 0-d array, which has one item.
using Shape = std::vector<std::uint64_t>;
// For each axis the distance in bytes from one index to the next. Negative for a reversed axis.
using Strides = std::vector<std::int64_t>;

// Item (i, j, ...) is at byte offset + i * strides[0] + j * strides[1] + ... of the file. Products and sums fit into
// int64_t: the size of the array was checked when its header was parsed.
struct Geometry {
  std::uint64_t offset = 0;    // of the first item, in bytes from the start of the file
  std::uint64_t itemsize = 0;  // bytes
  Shape shape;
  Strides strides;
};

// The geometry of a C- or Fortran-contiguous array whose first item is at `offset`.
Geometry contiguous_geometry(std::uint64_t offset, std::uint64_t itemsize, std::span<const std::uint64_t> shape,
                             bool fortran_order);

}  // namespace npyfs
