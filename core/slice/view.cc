#include "core/slice/view.h"

#include <fmt/format.h>

#include <functional>
#include <numeric>
#include <span>

#include "core/slice/aligned_split.h"

namespace npyfs {
namespace {

std::uint64_t product(std::span<const std::uint64_t> factors) {
  return std::accumulate(factors.begin(), factors.end(), std::uint64_t{1}, std::multiplies<>());
}

Error no_such_view(const Place& place, const std::string& why) {
  return Error{ErrorKind::kNotFound, format_path(place), why};
}

}  // namespace

Result<RowRange> rows_of(const Place& place, const NpyHeader& header) {
  if (place.axis >= header.shape.size()) {
    return std::unexpected(no_such_view(place, fmt::format("the array has {} dimensions", header.shape.size())));
  }
  const std::uint64_t rows = header.shape[place.axis];
  if (place.kind == PlaceKind::kChunk) return array_split(rows, place.first, place.second);
  if (place.kind == PlaceKind::kAlignedChunk) {
    const AlignedUnits units(header, place.axis);
    if (place.second <= units.count()) return units.rows_of(place.first, place.second);
    return std::unexpected(no_such_view(place, fmt::format("at most {} chunks have page edges", units.count())));
  }
  if (place.second > rows) return std::unexpected(no_such_view(place, fmt::format("the array has {} rows", rows)));
  return RowRange{place.first, place.second};
}

std::vector<std::uint64_t> shape_of_slice(const NpyHeader& header, std::uint8_t axis, RowRange rows) {
  std::vector<std::uint64_t> shape = header.shape;
  shape[axis] = rows.size();
  return shape;
}

StridedRuns runs_of_slice(const NpyHeader& header, std::uint8_t axis, RowRange rows) {
  if (data_size(header) == 0 || rows.size() == 0) return {};
  const std::span shape(header.shape);
  const auto before = shape.first(axis);
  const auto after = shape.subspan(axis + 1u);
  const std::uint64_t inner = header.itemsize * product(header.fortran_order ? before : after);
  StridedRuns runs{.first = header.data_offset + rows.start * inner,
                   .run = rows.size() * inner,
                   .stride = shape[axis] * inner,
                   .count = product(header.fortran_order ? after : before)};
  if (runs.run == runs.stride || runs.count == 1) {
    runs.run *= runs.count;
    runs.stride = runs.run;
    runs.count = 1;
  }
  return runs;
}

Result<View> make_view(const Place& place, const NpyHeader& header) {
  const auto rows = rows_of(place, header);
  if (!rows) return std::unexpected(rows.error());
  View view{"", runs_of_slice(header, place.axis, *rows)};
  if (place.form == Form::kNpy) {
    const auto shape = shape_of_slice(header, place.axis, *rows);
    view.header = format_npy_header(header.descr, header.fortran_order && is_fortran_contiguous_only(shape), shape);
  }
  return view;
}

View whole_file_view(std::uint64_t size) {
  return View{"", StridedRuns{.first = 0, .run = size, .stride = size, .count = size == 0 ? 0u : 1u}};
}

}  // namespace npyfs
