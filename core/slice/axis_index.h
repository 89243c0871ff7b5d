// What a view takes along one axis: an arithmetic progression of indices, or one index.
#pragma once

#include <cstdint>

namespace npyfs {

// Indices start, start + step, ... of an axis, `count` of them. All of them are valid indices of the axis.
//
// Normalised: start is 0 and step is 1 where there is no index, step is 1 where there is one. So two that mean the same
// indices in the same order are equal. All functions here take and return normalised ones.
struct AxisIndex {
  std::uint64_t start = 0;
  std::uint64_t count = 0;
  std::int64_t step = 1;
  bool drops_axis = false;  // one index, without its axis: a[7] in place of a[7:8]

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

// `count` indices from `start` on, `step` apart, in normalised form.
AxisIndex axis_progression(std::uint64_t start, std::uint64_t count, std::int64_t step);

// One index. drops_axis as numpy's a[index].
constexpr AxisIndex single_index(std::uint64_t index) {
  return {.start = index, .count = 1, .step = 1, .drops_axis = true};
}

// The index of item `i` of these. i < index.count.
constexpr std::uint64_t index_at(const AxisIndex& index, std::uint64_t i) {
  return index.start + i * static_cast<std::uint64_t>(index.step);  // wraps around where step is negative, as wanted
}

// What `inner`, which counts the indices of `outer`, means of the axis: a[outer][inner] is a[compose(outer, inner)].
// The indices of `inner` are less than outer.count; `outer` does not drop its axis.
AxisIndex compose(const AxisIndex& outer, const AxisIndex& inner);

// Whether some index is in both. In constant time but for the greatest common divisor of the steps.
bool meets(const AxisIndex& a, const AxisIndex& b);

}  // namespace npyfs
