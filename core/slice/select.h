// From a name to the selection that it means.
#pragma once

#include <cstdint>

#include "core/base/error.h"
#include "core/slice/geometry.h"
#include "core/slice/path_grammar.h"
#include "core/slice/selection.h"

namespace npyfs {

// What a name selects from: an array, or a view of it.
struct SelectedArray {
  Selection selection;
  Geometry whole;  // of the whole array for chunks/aligned/; may be empty for all other names
  bool fortran_order = false;
  bool is_in_one_file = true;  // otherwise no chunk but the whole is sure to begin and end at page edges
};

// The selection of the view `name`, by numbers: neither kIndexed nor kField, whose selections array_directory.cc
// (core/array) takes from select_by_expression() and select_field(). kNotFound with the reason if the array has no such
// axis, row or chunk; the subject is format_path(name).
Result<Selection> select(SelectedArray array, const VirtualName& name);

// The number of batches of `rows` rows along an axis of this length. The last one may be shorter.
constexpr std::uint64_t count_batches(std::uint64_t length, std::uint64_t rows) {
  return length / rows + (length % rows != 0);
}

}  // namespace npyfs
