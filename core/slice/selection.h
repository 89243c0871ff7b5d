// Which items of an array a view has: what basic indexing, repeated any number of times, amounts to.
//
// a[10:90:4]['pos'][:, 0] takes indices of the array's own axes, then a field, then indices of the axes of that field's
// subarray. A Selection holds the sum of such steps, so that a view of a view of an array costs no more than a view of
// the array, and two ways to say the same are equal once encoded.
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
  std::uint64_t offset = 0;    // bytes from the start of the item that it is a part of
  std::uint64_t itemsize = 0;  // bytes of the field's own items: of one element of its subarray
  std::uint8_t ndim = 0;       // of its subarray
};

class Selection {
 public:
  // More dimensions no array has (numpy 2).
  static constexpr std::size_t kMaxDimensions = 64;

  // Everything of an array of this shape.
  static Selection whole(std::span<const std::uint64_t> shape);

  // The shape of the view.
  std::size_t ndim() const { return dimensions_.size(); }
  std::uint64_t length(std::size_t dimension) const;
  Shape shape() const;
  // Whether there is no item.
  bool is_empty() const;

  // Narrows the selection: indices of the view's own dimension. dimension < ndim().
  void take(std::size_t dimension, const AxisIndex& index);
  // numpy.newaxis before `dimension`. dimension <= ndim() < kMaxDimensions.
  void insert_axis(std::size_t dimension);
  // A field of the view's items. Its subarray's axes come behind the others. ndim() + shape.size() <= kMaxDimensions.
  void take_field(const SelectedField& field, std::span<const std::uint64_t> shape);

  // Where the items are, in a file where the whole array has this geometry.
  Geometry geometry(const Geometry& whole) const;

  // The axes of the array, followed by those of each selected field's subarray, and the fields.
  std::span<const SelectedAxis> axes() const { return axes_; }
  std::span<const SelectedField> fields() const { return fields_; }
  // How many of the axes are the array's own.
  std::size_t array_ndim() const;

  // The axis that a dimension of the view comes from; nullopt for a new one.
  std::optional<std::size_t> axis_of(std::size_t dimension) const;

  // Appends a short form to `out`. Selections of one array have the same form exactly where the views have the same
  // shape, and their bytes come from the same places in the same order. decode() takes it back.
  void encode(std::string& out) const;
  // The same without the shape: for the bytes alone, in whatever shape.
  void encode_bytes(std::string& out) const;

  // The selection of an array of this shape that encode() or encode_bytes() gave this form. nullopt where it is not
  // one.
  static std::optional<Selection> decode(std::string_view encoded, std::span<const std::uint64_t> shape);

 private:
  static constexpr std::uint8_t kNewAxis = 0xFF;
  struct Dimension {
    std::uint8_t axis = kNewAxis;  // index into axes_
    std::uint64_t length = 1;      // of a new axis
  };
  void add_axes(std::span<const std::uint64_t> shape);
  bool is_shape_of_axes(std::span<const std::uint64_t> shape) const;
  bool fit_dimensions(std::span<const std::uint64_t> shape);
  void fit_empty(std::span<const std::uint64_t> shape);

  std::vector<SelectedAxis> axes_;
  std::vector<SelectedField> fields_;
  std::vector<Dimension> dimensions_;
};

// Whether two selections of one array have a byte in common: whether their indices meet on every axis, and they take
// the same fields as far as both take any. In time proportional to the number of axes.
bool overlap(const Selection& a, const Selection& b);

}  // namespace npyfs
