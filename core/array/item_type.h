// The items of a view: those of the array, or those of a field of them.
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
  std::string descr;                     // canonical, as NpyHeader::descr
  std::uint64_t itemsize = 0;            // bytes
  std::span<const Field> fields;         // of a structured dtype; they belong to the array
  std::vector<std::string_view> path;    // the names of the fields that lead here from the array's items
};

// Whether the array has all fields that the selection takes, where it takes them from. False of a selection that was kept
// while the array got another dtype.
bool has_fields(const Array& array, const Selection& selection);

// `selection` is one of `array`: has_fields().
ItemType item_type(const Array& array, const Selection& selection);

// The selection of one field of the view's items. kNotFound with the names that there are if there is no such field, or
// if its subarray would make the view one of more than 64 dimensions. `name` is the field's name or title.
Result<Selection> select_field(const Array& array, const Selection& selection, std::string_view name);

// How a field's name is written in a path: see percent.h. nullopt if it is too long for a file name.
std::optional<std::string> field_path_name(std::string_view name);

// numpy's notation for what the selection takes of the array `a`: "a[10:90:4]['pos'][:, 0]".
std::string index_notation(const Array& array, const Selection& selection);

// A path below the array's directory that has this selection: "index/10:90:4/fields/pos/index/:,0.npy".
std::string index_path(const Array& array, const Selection& selection, Form form);

}  // namespace npyfs
