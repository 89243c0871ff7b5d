// Where the items of an array, or of a view of it, are in a file: numpy's own triple of offset, shape and strides.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace npyfs {

// The length of each axis. Empty: 0-d, one item.
using Shape = std::vector<std::uint64_t>;
// Bytes from one index of each axis to the next. Negative where the axis is walked backwards.
using Strides = std::vector<std::int64_t>;

// Item (i, j, ...) is at byte offset + i * strides[0] + j * strides[1] + ... of the file. Products and sums are known
// to fit into int64_t: the sizes of the array were checked when its header was parsed.
struct Geometry {
  std::uint64_t offset = 0;    // of the first item, in bytes from the start of the file
  std::uint64_t itemsize = 0;  // bytes
  Shape shape;
  Strides strides;
};

// The geometry of an array whose items lie one after the other from `offset` on.
Geometry contiguous_geometry(std::uint64_t offset, std::uint64_t itemsize, std::span<const std::uint64_t> shape,
                             bool fortran_order);

}  // namespace npyfs
