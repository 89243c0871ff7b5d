#include "core/slice/aligned_split.h"

#include <numeric>

#include "core/slice/view.h"

namespace npyfs {

AlignedUnits::AlignedUnits(const NpyHeader& header, std::uint8_t axis) : rows_(header.shape[axis]) {
  if (rows_ == 0 || data_size(header) == 0) return;
  const std::uint64_t row_size = runs_of_slice(header, axis, {0, 1}).size();
  const bool is_slowest = row_size == runs_of_slice(header, axis, {0, 1}).run;
  if (!is_slowest) return;
  step_ = kAlignment / std::gcd(row_size, kAlignment);
  for (first_ = 1; first_ <= step_; ++first_) {
    if ((header.data_offset + first_ % kAlignment * (row_size % kAlignment)) % kAlignment == 0) break;
  }
  if (first_ > step_ || first_ >= rows_) return;
  count_ = 2 + (rows_ - 1 - first_) / step_;
}

std::uint64_t AlignedUnits::start_of(std::uint64_t unit) const {
  if (unit == 0) return 0;
  return unit == count_ ? rows_ : first_ + (unit - 1) * step_;
}

RowRange AlignedUnits::rows_of(std::uint64_t index, std::uint64_t sections) const {
  const RowRange units = array_split(count_, index, sections);
  return {start_of(units.start), start_of(units.stop)};
}

}  // namespace npyfs
