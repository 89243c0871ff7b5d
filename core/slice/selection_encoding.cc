// The encoding of a selection:
//
//   form  = NUMBER(fields) field* axis* [ kShape length* ]
//   field = NUMBER(number) NUMBER(offset) NUMBER(itemsize) NUMBER(ndim) length*
//   axis  = kWhole | kRange NUMBER(start) NUMBER(count) | kSteps NUMBER(start) NUMBER(count) ZIGZAG(step)
//
// with numbers as in varint.h. Whole axes at the end are left out. The shape is written only if it differs from that of
// the axes, because an index has dropped one, or there is a new one. Which of several axes with one index was dropped
// makes no difference to the bytes, so it is not written. Of an empty selection only the shape matters.
#include <algorithm>
#include <utility>

#include "core/base/varint.h"
#include "core/slice/selection.h"

namespace npyfs {
namespace {

enum Tag : char { kWhole, kRange, kSteps, kShape };

// The encodings are our own, and valid. They are checked nevertheless, since that is cheap.
bool take_shape(std::string_view& text, std::uint64_t count, Shape& shape) {
  if (count > Selection::kMaxDimensions) return false;
  shape.clear();
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto length = take_varint(text);
    if (!length) return false;
    shape.push_back(*length);
  }
  return true;
}

bool is_progression_of(const AxisIndex& index, std::uint64_t length) {
  if (index.count == 0) return index.start == 0 && index.step == 1;
  if (index.start >= length || index.count > length || index.step == 0) return false;
  if (index.count == 1) return index.step == 1;
  const std::uint64_t room = index.step > 0 ? length - 1 - index.start : index.start;
  const std::uint64_t step = index.step > 0 ? static_cast<std::uint64_t>(index.step)
                                            : std::uint64_t{0} - static_cast<std::uint64_t>(index.step);
  return step <= room / (index.count - 1);
}

std::optional<AxisIndex> take_axis(std::string_view& text, std::uint64_t length) {
  if (text.empty() || text.front() == kShape) return whole_axis(length);
  const char tag = text.front();
  text.remove_prefix(1);
  if (tag == kWhole) return whole_axis(length);
  const auto start = take_varint(text);
  const auto count = take_varint(text);
  const auto step = tag == kSteps ? take_varint(text) : std::optional<std::uint64_t>(zigzag(1));
  if (!start || !count || !step) return std::nullopt;
  const AxisIndex index{.start = *start, .count = *count, .step = unzigzag(*step)};
  return is_progression_of(index, length) ? std::optional(index) : std::nullopt;
}

void append_axis(std::string& out, const AxisIndex& index, std::uint64_t length, std::size_t& after_last) {
  if (index.start == 0 && index.count == length && index.step == 1) {
    out += kWhole;
    return;
  }
  out += index.step == 1 ? kRange : kSteps;
  append_varint(out, index.start);
  append_varint(out, index.count);
  if (index.step != 1) append_varint(out, zigzag(index.step));
  after_last = out.size();
}

}  // namespace

void Selection::encode(std::string& out) const {
  encode_bytes(out);
  if (has_shape_of_axes() && !is_empty()) return;
  out += kShape;
  for (std::size_t i = 0; i < ndim(); ++i) append_varint(out, length(i));
}

bool Selection::has_shape_of_axes() const {
  if (ndim() != axes_.size()) return false;
  for (std::size_t i = 0; i < ndim(); ++i) {
    if (length(i) != axes_[i].index.count) return false;
  }
  return true;
}

void Selection::encode_bytes(std::string& out) const {
  const bool empty = is_empty();
  append_varint(out, fields_.size());
  std::size_t axis = array_ndim();
  for (const auto& field : fields_) {
    append_varint(out, field.number);
    append_varint(out, field.offset);
    append_varint(out, field.itemsize);
    append_varint(out, field.ndim);
    for (std::size_t i = 0; i < field.ndim; ++i) append_varint(out, axes_[axis++].length);
  }
  std::size_t after_last = out.size();
  for (const auto& [length, index] : axes_) append_axis(out, empty ? AxisIndex{} : index, length, after_last);
  out.resize(after_last);
}

std::optional<Selection> Selection::decode(std::string_view encoded, std::span<const std::uint64_t> shape) {
  Selection selection = whole(shape);
  const auto fields = take_varint(encoded);
  if (!fields || *fields > encoded.size()) return std::nullopt;
  Shape lengths;
  for (std::uint64_t i = 0; i < *fields; ++i) {
    const auto number = take_varint(encoded);
    const auto offset = take_varint(encoded);
    const auto itemsize = take_varint(encoded);
    const auto ndim = take_varint(encoded);
    if (!number || !offset || !itemsize || !ndim || !take_shape(encoded, *ndim, lengths)) return std::nullopt;
    if (selection.axes_.size() + lengths.size() >= kNewAxis) return std::nullopt;
    selection.fields_.push_back(
        {static_cast<std::uint32_t>(*number), *offset, *itemsize, static_cast<std::uint8_t>(*ndim)});
    selection.add_axes(lengths);
  }
  for (auto& [length, index] : selection.axes_) {
    const auto taken = take_axis(encoded, length);
    if (!taken) return std::nullopt;
    index = *taken;
  }
  if (encoded.empty()) return selection;
  if (encoded.front() != kShape) return std::nullopt;  // the indices of an axis that the array does not have
  encoded.remove_prefix(1);
  lengths.clear();
  while (!encoded.empty()) {
    const auto length = take_varint(encoded);
    if (!length || lengths.size() == kMaxDimensions) return std::nullopt;
    lengths.push_back(*length);
  }
  return selection.fit_dimensions(lengths) ? std::optional(std::move(selection)) : std::nullopt;
}

// Gives the view this shape. Dimensions longer than 1 are the axes with more than one index, in order. A dimension of
// length 1 is an axis of length 1 if the next axis is one, otherwise a new axis: a[:, 2] rather than a[0, 2, None].
// False if the axes have other numbers of indices.
bool Selection::fit_dimensions(std::span<const std::uint64_t> shape) {
  if (std::ranges::find(shape, 0) != shape.end()) return fit_empty(shape);
  dimensions_.clear();
  std::size_t axis = 0;
  const auto to_next_long_axis = [&] {
    for (; axis < axes_.size() && axes_[axis].index.count == 1; ++axis) axes_[axis].index.drops_axis = true;
  };
  for (const std::uint64_t length : shape) {
    const bool is_whole_axis = axis < axes_.size() && axes_[axis].length == 1;
    if (length == 1 && !is_whole_axis) {
      dimensions_.push_back({.axis = kNewAxis});
      continue;
    }
    if (length != 1) to_next_long_axis();
    if (axis == axes_.size() || axes_[axis].index.count != length) return false;
    dimensions_.push_back({.axis = static_cast<std::uint8_t>(axis++)});
  }
  to_next_long_axis();
  return axis == axes_.size();
}

// The same where there is no item: any axes that are long enough can stand for the dimensions, in their order. An axis
// without indices cannot be dropped by an index, so it stands for a dimension of length 0 (there is one: the view has
// it). False if the dimensions cannot be those of a view.
bool Selection::fit_empty(std::span<const std::uint64_t> shape) {
  // can_fit[i][axis]: whether dimensions from i on can come from axes from `axis` on.
  std::vector<std::vector<bool>> can_fit(shape.size() + 1, std::vector<bool>(axes_.size() + 1));
  const auto stands_for = [&](std::size_t axis, std::size_t i) {
    return axis < axes_.size() && axes_[axis].length >= shape[i] && (axes_[axis].length > 0 || shape[i] == 0) &&
           can_fit[i + 1][axis + 1];
  };
  const auto is_new = [&](std::size_t axis, std::size_t i) { return shape[i] <= 1 && can_fit[i + 1][axis]; };
  for (std::size_t i = shape.size() + 1; i-- > 0;) {
    for (std::size_t axis = axes_.size() + 1; axis-- > 0;) {
      const bool can_drop = axis < axes_.size() && axes_[axis].length > 0 && can_fit[i][axis + 1];
      const bool is_end = i == shape.size() && axis == axes_.size();
      can_fit[i][axis] = is_end || can_drop || (i < shape.size() && (stands_for(axis, i) || is_new(axis, i)));
    }
  }
  if (!can_fit[0][0]) return false;
  dimensions_.clear();
  std::size_t axis = 0;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    while (!stands_for(axis, i) && !is_new(axis, i)) axes_[axis++].index = single_index(0);
    if (stands_for(axis, i)) {
      axes_[axis].index = axis_range(0, shape[i]);
      dimensions_.push_back({.axis = static_cast<std::uint8_t>(axis++)});
    } else {
      dimensions_.push_back({.axis = kNewAxis, .length = shape[i]});
    }
  }
  for (; axis < axes_.size(); ++axis) axes_[axis].index = single_index(0);
  return true;
}

}  // namespace npyfs
