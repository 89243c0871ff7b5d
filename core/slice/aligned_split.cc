#include "core/slice/aligned_split.h"

#include <numeric>

#include "core/slice/runs.h"

namespace npyfs {
namespace {

// The inverse of `number` modulo `modulus`, a power of two. `number` is odd.
constexpr std::uint64_t inverse(std::uint64_t number, std::uint64_t modulus) {
  std::uint64_t inverse = number;  // correct in the lowest three bits; each step doubles the number of correct bits
  for (int i = 0; i < 4; ++i) inverse *= 2 - number * inverse;
  return inverse % modulus;
}
static_assert(inverse(4095, 4096) * 4095 % 4096 == 1);

}  // namespace

AlignedUnits::AlignedUnits(const Geometry& geometry, std::size_t dimension, bool fortran_order)
    : rows_(geometry.shape[dimension]) {
  const Runs view(geometry, fortran_order);
  if (!view.is_contiguous() || view.size() == 0 || rows_ < 2) return;
  Geometry row = geometry;
  row.shape[dimension] = 1;
  const Runs runs(row, fortran_order);
  if (!runs.is_contiguous()) return;
  // Row r begins at a page edge if offset + r * size = 0 modulo the page size. After a division by gcd(size, page
  // size): r = -offset * inverse(size) modulo step_.
  const std::uint64_t size = runs.size();
  const std::uint64_t common = std::gcd(size, kAlignment);
  if (geometry.offset % common != 0) return;
  step_ = kAlignment / common;
  const std::uint64_t offset = geometry.offset / common % step_;
  first_ = (step_ - offset) % step_ * inverse(size / common % step_, step_) % step_;
  if (first_ == 0) first_ = step_;
  if (first_ >= rows_) return;
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
