#include "core/slice/select.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

#include "core/slice/aligned_split.h"
#include "core/slice/array_split.h"

namespace npyfs {
namespace {

std::unexpected<Error> not_found(const VirtualName& name, std::string why) {
  return std::unexpected(Error{ErrorKind::kNotFound, format_path(name), std::move(why)});
}

AxisIndex rows(RowRange range) {
  return axis_range(range.start, range.stop);
}

Result<AxisIndex> aligned_rows(const SelectedArray& array, const VirtualName& name) {
  if (!array.is_in_one_file) {
    if (name.second == 1) return whole_axis(array.selection.length(name.axis));
    return not_found(name, "chunks of several files have no common page edges");
  }
  assert(array.whole.strides.size() == array.selection.array_ndim());
  const AlignedUnits units(array.selection.geometry(array.whole), name.axis, array.fortran_order);
  if (name.second <= units.count()) return rows(units.rows_of(name.first, name.second));
  return not_found(name, fmt::format("at most {} chunks have page edges", units.count()));
}

Result<AxisIndex> slice_rows(const VirtualName& name, std::uint64_t length) {
  if (name.second > length) return not_found(name, fmt::format("the array has {} rows", length));
  const std::uint64_t rows = name.second - name.first;
  const std::uint64_t count = rows / name.step + (rows % name.step != 0);
  return axis_progression(name.first, count, static_cast<std::int64_t>(name.step));
}

Result<AxisIndex> batch_rows(const VirtualName& name, std::uint64_t length) {
  const std::uint64_t batches = count_batches(length, name.second);
  if (name.first >= batches) return not_found(name, fmt::format("there are {} batches", batches));
  const std::uint64_t start = name.first * name.second;  // less than length
  return axis_range(start, start + std::min(name.second, length - start));
}

// The indices along dimension name.axis, which has this length.
Result<AxisIndex> indices_of(const SelectedArray& array, const VirtualName& name, std::uint64_t length) {
  switch (name.kind) {
    case NameKind::kChunk:
      return rows(array_split(length, name.first, name.second));
    case NameKind::kAlignedChunk:
      return aligned_rows(array, name);
    case NameKind::kSlice:
      return slice_rows(name, length);
    case NameKind::kBatch:
      return batch_rows(name, length);
    case NameKind::kItem:
      if (name.first < length) return single_index(name.first);
      return not_found(name, fmt::format("the array has {} rows", length));
    default:
      return not_found(name, "is no view");
  }
}

}  // namespace

Result<Selection> select(SelectedArray array, const VirtualName& name) {
  const std::size_t ndim = array.selection.ndim();
  if (name.axis >= ndim) return not_found(name, fmt::format("the array has {} dimensions", ndim));
  const auto indices = indices_of(array, name, array.selection.length(name.axis));
  if (!indices) return std::unexpected(indices.error());
  array.selection.take(name.axis, *indices);
  return std::move(array.selection);
}

}  // namespace npyfs
