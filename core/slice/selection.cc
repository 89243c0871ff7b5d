#include "core/slice/selection.h"

#include <algorithm>
#include <cassert>

namespace npyfs {

Selection Selection::whole(std::span<const std::uint64_t> shape) {
  Selection selection;
  selection.add_axes(shape);
  return selection;
}

void Selection::add_axes(std::span<const std::uint64_t> shape) {
  axes_.reserve(axes_.size() + shape.size());
  dimensions_.reserve(dimensions_.size() + shape.size());
  for (const std::uint64_t length : shape) {
    dimensions_.push_back({.axis = static_cast<std::uint8_t>(axes_.size())});
    axes_.push_back({length, whole_axis(length)});
  }
}

std::uint64_t Selection::length(std::size_t dimension) const {
  const Dimension& of = dimensions_[dimension];
  return of.axis == kNewAxis ? of.length : axes_[of.axis].index.count;
}

Shape Selection::shape() const {
  Shape shape(dimensions_.size());
  for (std::size_t i = 0; i < shape.size(); ++i) shape[i] = length(i);
  return shape;
}

bool Selection::is_empty() const {
  const auto has_none = [](const SelectedAxis& axis) { return axis.index.count == 0; };
  const auto is_empty_new_axis = [](const Dimension& of) { return of.axis == kNewAxis && of.length == 0; };
  return std::ranges::any_of(axes_, has_none) || std::ranges::any_of(dimensions_, is_empty_new_axis);
}

void Selection::take(std::size_t dimension, const AxisIndex& index) {
  Dimension& of = dimensions_[dimension];
  if (of.axis == kNewAxis) {
    of.length = index.count;
  } else {
    axes_[of.axis].index = compose(axes_[of.axis].index, index);
  }
  if (index.drops_axis) dimensions_.erase(dimensions_.begin() + static_cast<std::ptrdiff_t>(dimension));
}

Selection Selection::with_first_axis(const SelectedAxis& axis) const {
  Selection changed = *this;
  changed.axes_.front() = axis;
  return changed;
}

void Selection::insert_axis(std::size_t dimension) {
  assert(dimensions_.size() < kMaxDimensions);
  dimensions_.insert(dimensions_.begin() + static_cast<std::ptrdiff_t>(dimension), Dimension{});
}

void Selection::take_field(const SelectedField& field, std::span<const std::uint64_t> shape) {
  assert(dimensions_.size() + shape.size() <= kMaxDimensions && field.ndim == shape.size());
  fields_.push_back(field);
  add_axes(shape);
}

std::size_t Selection::array_ndim() const {
  std::size_t of_fields = 0;
  for (const auto& field : fields_) of_fields += field.ndim;
  return axes_.size() - of_fields;
}

std::optional<std::size_t> Selection::axis_of(std::size_t dimension) const {
  const std::uint8_t axis = dimensions_[dimension].axis;
  return axis == kNewAxis ? std::nullopt : std::optional<std::size_t>(axis);
}

Geometry Selection::geometry(const Geometry& whole) const {
  Geometry geometry{whole.offset, whole.itemsize, shape(), Strides(ndim(), 0)};
  if (is_empty()) {
    if (!fields_.empty()) geometry.itemsize = fields_.back().itemsize;
    return geometry;
  }
  Strides strides = whole.strides;
  for (const auto& field : fields_) {
    geometry.offset += field.offset;
    geometry.itemsize = field.itemsize;
    const std::size_t first = strides.size();
    strides.resize(first + field.ndim);
    auto stride = static_cast<std::int64_t>(field.itemsize);
    for (std::size_t axis = strides.size(); axis-- > first;) {
      strides[axis] = stride;
      stride *= static_cast<std::int64_t>(axes_[axis].length);
    }
  }
  for (std::size_t axis = 0; axis < axes_.size(); ++axis) {
    geometry.offset += axes_[axis].index.start * static_cast<std::uint64_t>(strides[axis]);
  }
  for (std::size_t i = 0; i < geometry.strides.size(); ++i) {
    const std::uint8_t axis = dimensions_[i].axis;
    if (axis != kNewAxis) geometry.strides[i] = strides[axis] * axes_[axis].index.step;
  }
  return geometry;
}

bool overlap(const Selection& a, const Selection& b) {
  if (a.is_empty() || b.is_empty()) return false;
  std::size_t axis = 0;
  const auto meet_on = [&](std::size_t count) {
    for (const std::size_t end = axis + count; axis < end; ++axis) {
      if (!meets(a.axes()[axis].index, b.axes()[axis].index)) return false;
    }
    return true;
  };
  if (!meet_on(a.array_ndim())) return false;
  const std::size_t fields = std::min(a.fields().size(), b.fields().size());
  for (std::size_t i = 0; i < fields; ++i) {
    if (a.fields()[i].number != b.fields()[i].number) return false;  // fields of one item have no byte in common
    if (!meet_on(a.fields()[i].ndim)) return false;
  }
  return true;
}

}  // namespace npyfs
