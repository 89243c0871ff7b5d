#include "core/slice/geometry.h"

#include <algorithm>

namespace npyfs {

Geometry contiguous_geometry(std::uint64_t offset, std::uint64_t itemsize, std::span<const std::uint64_t> shape,
                             bool fortran_order) {
  Geometry geometry{offset, itemsize, Shape(shape.begin(), shape.end()), Strides(shape.size(), 0)};
  // The strides of an array without items are never used, and their products may overflow.
  if (std::ranges::find(shape, 0) != shape.end()) return geometry;
  auto stride = static_cast<std::int64_t>(itemsize);
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::size_t axis = fortran_order ? i : shape.size() - 1 - i;
    geometry.strides[axis] = stride;
    stride *= static_cast<std::int64_t>(shape[axis]);
  }
  return geometry;
}

}  // namespace npyfs
