// Arrays of the tests as core knows them, and views of them.
#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "core/array/array.h"
#include "core/array/item_type.h"
#include "core/array/view.h"
#include "core/npy/npy_header.h"
#include "core/slice/index_expression.h"
#include "core/slice/select.h"
#include "tests/unit/support/npy_bytes.h"

namespace npyfs {

// An array whose items begin at byte `data_offset` of no file at all.
inline Array array_without_file(const TestArray& array, std::uint64_t data_offset = 128,
                                std::vector<Field> fields = {}) {
  auto geometry = contiguous_geometry(data_offset, array.itemsize, array.shape, array.fortran_order);
  return {.descr = array.descr,
          .itemsize = array.itemsize,
          .fields = std::move(fields),
          .shape = array.shape,
          .fortran_order = array.fortran_order,
          .parts = {{nullptr, nullptr, std::move(geometry)}}};
}

inline Array array_without_file(const NpyHeader& header) {
  return array_without_file({header.descr, header.itemsize, header.fortran_order, header.shape}, header.data_offset,
                            header.fields);
}

// What the view `name` of the whole array is.
inline Result<Selection> select_in(const Array& array, const VirtualName& name) {
  const Geometry whole = array.geometry();
  return select({Selection::whole(array.shape), whole, array.fortran_order}, name);
}

inline VirtualName slice_name(std::uint8_t axis, std::uint64_t start, std::uint64_t stop, Form form = Form::kNpy) {
  return {.kind = NameKind::kSlice, .form = form, .axis = axis, .first = start, .second = stop};
}

inline VirtualName chunk_name(std::uint8_t axis, std::uint64_t index, std::uint64_t sections, Form form = Form::kNpy) {
  return {.kind = NameKind::kChunk, .form = form, .axis = axis, .first = index, .second = sections};
}

// The view `name`, which the array has.
inline View view_of(const Array& array, const VirtualName& name) {
  return make_view(array, select_in(array, name).value(), name.form);
}

// a[expression], which the array has.
inline Selection indexed(const Array& array, std::string_view expression) {
  return select_by_expression(Selection::whole(array.shape), expression).value();
}

}  // namespace npyfs
