#include "core/array/array.h"

namespace npyfs {

Geometry Array::geometry() const {
  if (parts.size() == 1) return parts.front().geometry;
  return contiguous_geometry(0, itemsize, shape, fortran_order);
}

}  // namespace npyfs
