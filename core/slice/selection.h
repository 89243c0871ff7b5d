// Which items of an array a view has: the result of any number of basic indexing steps.
//
// a[10:90:4]['pos'][:, 0] takes indices of the array's own axes, then a field, then indices of the axes of that field's
// subarray. A Selection is the composition of such steps, so a view of a view costs no more than a view, and two ways
// to select the same have the same encoding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/slice/axis_index.h"
#include "core/slice/geometry.h"

namespace npyfs {

// One axis of the array, or of the subarray of a field that was selected.
struct SelectedAxis {
  std::uint64_t length = 0;
  AxisIndex index;
};

// A field of a structured dtype.
struct SelectedField {
  std::uint32_t number = 0;    // in the order of the dtype, from 0
  std::uint64_t offset = 0;    // bytes from the start of the item that contains it
  std::uint64_t itemsize = 0;  // bytes of one element of the field's subarray
  std::uint8_t ndim = 0;       // of its subarray
};

class Selection {
 public:
  // The limit of numpy 2.
  static constexpr std::size_t kMaxDimensions = 64;
  // Less than this many axes, with those that indices have dropped.
  static constexpr std::size_t kMaxAxes = 0xFF;

  // Everything of an array of this shape.
  static Selection whole(std::span<const std::uint64_t> shape);

  // The shape of the view.
  std::size_t ndim() const { return dimensions_.size(); }
  std::uint64_t length(std::size_t dimension) const;
  Shape shape() const;
  // Whether there is no item.
  bool is_empty() const;

  // Selects indices of one dimension of the view. dimension < ndim().
  void take(std::size_t dimension, const AxisIndex& index);
  // The same selection of an array whose axis 0 is this one. axes() is not empty.
  Selection with_first_axis(const SelectedAxis& axis) const;
  // Inserts a numpy.newaxis before `dimension`. dimension <= ndim() < kMaxDimensions.
  void insert_axis(std::size_t dimension);
  // Selects a field of the view's items. The axes of its subarray, `shape`, become the last ones. ndim() + shape.size()
  // <= kMaxDimensions.
  void take_field(const SelectedField& field, std::span<const std::uint64_t> shape);

  // The geometry of the view, if that of the whole array is `whole`.
  Geometry geometry(const Geometry& whole) const;

  // The axes of the array, followed by those of each selected field's subarray.
  std::span<const SelectedAxis> axes() const { return axes_; }
  std::span<const SelectedField> fields() const { return fields_; }
  // The number of the array's own axes.
  std::size_t array_ndim() const;

  // The index in axes() that a dimension of the view comes from; nullopt for a new axis.
  std::optional<std::size_t> axis_of(std::size_t dimension) const;

  // Appends a short encoding to `out`. Two selections of one array have the same encoding if and only if their views
  // have the same shape, and the same bytes of the file in the same order. decode() is the inverse.
  void encode(std::string& out) const;
  // The same without the shape: equal if the views have the same bytes in the same order.
  void encode_bytes(std::string& out) const;

  // The selection of an array of this shape with this encoding, from encode() or encode_bytes(). nullopt if there is
  // none.
  static std::optional<Selection> decode(std::string_view encoded, std::span<const std::uint64_t> shape);

 private:
  static constexpr std::uint8_t kNewAxis = kMaxAxes;
  struct Dimension {
    std::uint8_t axis = kNewAxis;  // index into axes_
    std::uint64_t length = 1;      // of a new axis
  };
  void add_axes(std::span<const std::uint64_t> shape);
  bool has_shape_of_axes() const;
  bool fit_dimensions(std::span<const std::uint64_t> shape);
  bool fit_empty(std::span<const std::uint64_t> shape);

  std::vector<SelectedAxis> axes_;
  std::vector<SelectedField> fields_;
  std::vector<Dimension> dimensions_;
};

// Whether two selections of one array have a byte in common: their indices meet on every axis, and one's path of fields
// is a prefix of the other's. Takes time proportional to the number of axes.
bool overlap(const Selection& a, const Selection& b);

}  // namespace npyfs
