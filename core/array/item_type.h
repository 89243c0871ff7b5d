// The dtype of a view's items: that of the array, or of the selected field.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/array/array.h"
#include "core/base/error.h"
#include "core/npy/dtype.h"
#include "core/slice/path_grammar.h"
#include "core/slice/selection.h"

namespace npyfs {

struct ItemType {
  std::string descr;                   // canonical, as NpyHeader::descr
  std::uint64_t itemsize = 0;          // bytes
  std::span<const Field> fields;       // of a structured dtype; point into the array
  std::vector<std::string_view> path;  // names of the selected fields, outermost first
};

// Whether the array has all fields that the selection takes, where it takes them from. False of a selection that was
// kept while the array got another dtype.
bool has_fields(const Array& array, const Selection& selection);

// descr without the quotes of a type string: <f8, or [('a', '<i4')]. numpy.dtype() takes the first directly, the second
// after ast.literal_eval().
std::string descr_text(const std::string& descr);

// `selection` is one of `array`: has_fields().
ItemType item_type(const Array& array, const Selection& selection);

// Whether a field of the view's items can be selected: no array has more than 64 dimensions, and a selection has fewer
// than 255 axes.
bool can_take_field(const Selection& selection, const Field& field);

// The selection of one field of the view's items. `name` is the field's name or title. kNotFound if there is no such
// field (the sentence lists the fields), or if the view would have more than 64 dimensions with the field's subarray.
Result<Selection> select_field(const Array& array, const Selection& selection, std::string_view name);

// The spelling of a field's name in a path: see percent.h. nullopt if it is too long for a file name.
std::optional<std::string> field_path_name(std::string_view name);

// The selection in numpy's notation, for an array called `a`: "a[10:90:4]['pos'][:, 0]".
std::string index_notation(const Array& array, const Selection& selection);

// A path relative to the array's directory that has this selection: "index/10:90:4/fields/pos/index/:,0.npy".
std::string index_path(const Array& array, const Selection& selection, Form form);

}  // namespace npyfs
