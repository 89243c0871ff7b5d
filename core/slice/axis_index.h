// The indices of one axis that a view selects: an arithmetic progression, or one index.
#pragma once

#include <cstdint>

namespace npyfs {

// Indices start, start + step, ... of an axis, `count` of them. All of them are valid indices of the axis.
//
// Normalised: if count is 0, start is 0 and step is 1; if count is 1, step is 1. So two of the same indices in the same
// order are equal. All functions here take and return normalised ones.
struct AxisIndex {
  std::uint64_t start = 0;
  std::uint64_t count = 0;
  std::int64_t step = 1;
  bool drops_axis = false;  // a[7], which has no such axis; a[7:8] keeps it

  bool operator==(const AxisIndex&) const = default;
};

// All indices of an axis of this length.
constexpr AxisIndex whole_axis(std::uint64_t length) {
  return {.start = 0, .count = length};
}

// start:stop, half-open. start <= stop <= length of the axis.
constexpr AxisIndex axis_range(std::uint64_t start, std::uint64_t stop) {
  return {.start = start == stop ? 0 : start, .count = stop - start};
}

// The indices start, start + step, ..., `count` of them, normalised.
AxisIndex axis_progression(std::uint64_t start, std::uint64_t count, std::int64_t step);

// a[index]: one index, which drops its axis.
constexpr AxisIndex single_index(std::uint64_t index) {
  return {.start = index, .count = 1, .step = 1, .drops_axis = true};
}

// The i-th of the indices. i < index.count.
constexpr std::uint64_t index_at(const AxisIndex& index, std::uint64_t i) {
  return index.start + i * static_cast<std::uint64_t>(index.step);  // a negative step wraps around, which is intended
}

// a[outer][inner] is a[compose(outer, inner)]. The indices of `inner` are less than outer.count; `outer` does not drop
// its axis.
AxisIndex compose(const AxisIndex& outer, const AxisIndex& inner);

// Whether the two have an index in common. Constant time, except for the greatest common divisor of the steps.
bool meets(const AxisIndex& a, const AxisIndex& b);

}  // namespace npyfs
