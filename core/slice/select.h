// From a name to a selection: what each view below an array's directory takes of the array.
#pragma once

#include <cstdint>

#include "core/base/error.h"
#include "core/slice/geometry.h"
#include "core/slice/path_grammar.h"
#include "core/slice/selection.h"

namespace npyfs {

// What a name below an array's directory is said of: the array, or the view of it that the directory is of.
struct SelectedArray {
  const Selection& selection;
  const Geometry& whole;  // of the array, for chunks/aligned/
  bool fortran_order = false;
};

// The selection of the view `name`. kNotFound with the reason if the array has no such axis, row or chunk; the name's
// path is the subject. `name` is a view, by numbers: neither kIndexed nor kField.
Result<Selection> select(const SelectedArray& array, const VirtualName& name);

// How many names the directory has at the most: batches of `rows` rows along an axis of this length.
constexpr std::uint64_t count_batches(std::uint64_t length, std::uint64_t rows) {
  return length / rows + (length % rows != 0);
}

}  // namespace npyfs
