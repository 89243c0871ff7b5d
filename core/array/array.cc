#include "core/array/array.h"

#include <algorithm>
#include <iterator>

namespace npyfs {

Geometry Array::geometry() const {
  if (parts.size() == 1) return parts.front().geometry;
  return contiguous_geometry(0, itemsize, shape, fortran_order);
}

void visit_parts(const Array& array, const Selection& selection, const VisitPart& visit) {
  if (selection.is_empty() || array.parts.empty()) return;
  const AxisIndex& rows = selection.axes().front().index;
  for (std::uint64_t i = 0; i < rows.count;) {
    const std::uint64_t row = index_at(rows, i);
    const ArrayPart& part = *std::prev(std::ranges::upper_bound(array.parts, row, {}, &ArrayPart::first_row));
    const std::uint64_t length = part.geometry.shape.front();
    const std::uint64_t within = row - part.first_row;
    const bool is_forward = rows.step > 0;
    const std::uint64_t step =
        is_forward ? static_cast<std::uint64_t>(rows.step) : std::uint64_t{0} - static_cast<std::uint64_t>(rows.step);
    const std::uint64_t last = (is_forward ? length - 1 - within : within) / step;  // steps that stay in the part
    const std::uint64_t count = std::min(rows.count - i, last + 1);
    AxisIndex of_part = axis_progression(within, count, rows.step);
    of_part.drops_axis = rows.drops_axis;
    visit(part, selection.with_first_axis({length, of_part}));
    i += count;
  }
}

}  // namespace npyfs
