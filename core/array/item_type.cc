#include "core/array/item_type.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/escape.h"
#include "core/base/percent.h"

namespace npyfs {
namespace {

std::string names_of(std::span<const Field> fields) {
  constexpr std::size_t kMost = 10;  // a structured dtype may have thousands
  std::string names;
  for (const Field& field : fields.first(std::min(fields.size(), kMost))) {
    names += (names.empty() ? "" : ", ") + escaped(field.name);
  }
  return fields.size() > kMost ? names + ", ..." : names;
}

}  // namespace

bool has_fields(const Array& array, const Selection& selection) {
  std::span<const Field> fields = array.fields;
  auto axes = selection.axes().subspan(selection.array_ndim());
  for (const auto& selected : selection.fields()) {
    if (selected.number >= fields.size()) return false;
    const Field& field = fields[selected.number];
    const auto lengths = axes.first(selected.ndim);
    if (field.offset != selected.offset || field.dtype.itemsize != selected.itemsize) return false;
    if (!std::ranges::equal(field.shape(), lengths, {}, {}, &SelectedAxis::length)) return false;
    axes = axes.subspan(selected.ndim);
    fields = field.dtype.fields;
  }
  return true;
}

std::string descr_text(const std::string& descr) {
  const bool is_type_string = descr.size() >= 2 && descr.front() == '\'';
  return is_type_string ? descr.substr(1, descr.size() - 2) : descr;
}

ItemType item_type(const Array& array, const Selection& selection) {
  ItemType type{array.descr, array.itemsize, array.fields, {}};
  const Field* field = nullptr;
  for (const auto& selected : selection.fields()) {
    field = &type.fields[selected.number];
    type.path.push_back(field->name);
    type.fields = field->dtype.fields;
  }
  if (field != nullptr) {
    type.descr = field->dtype.descr();
    type.itemsize = field->dtype.itemsize;
  }
  return type;
}

bool can_take_field(const Selection& selection, const Field& field) {
  const std::size_t ndim = field.shape().size();
  return selection.ndim() + ndim <= Selection::kMaxDimensions && selection.axes().size() + ndim < Selection::kMaxAxes;
}

Result<Selection> select_field(const Array& array, const Selection& selection, std::string_view name) {
  const auto refuse = [&](std::string why) {
    return std::unexpected(Error{ErrorKind::kNotFound, std::string(name), std::move(why)});
  };
  const ItemType type = item_type(array, selection);
  if (type.fields.empty()) return refuse("the array has no fields");
  const Field* field = find_field(type.fields, name);
  if (field == nullptr) return refuse(fmt::format("is no field of the array; it has {}", names_of(type.fields)));
  const Shape shape = field->shape();
  if (!can_take_field(selection, *field)) {
    return refuse(fmt::format("no array has more than {} dimensions", Selection::kMaxDimensions));
  }
  Selection of_field = selection;
  of_field.take_field({.number = static_cast<std::uint32_t>(field - type.fields.data()),
                       .offset = field->offset,
                       .itemsize = field->dtype.itemsize,
                       .ndim = static_cast<std::uint8_t>(shape.size())},
                      shape);
  return of_field;
}

// If the name itself ends in .npy, .bin or .nhdr, its last dot is encoded: fields/x.npy is the field x.
std::optional<std::string> field_path_name(std::string_view name) {
  constexpr std::size_t kExtension = 4;  // ".npy", ".bin"
  auto encoded = percent_encoded(name);
  if (!encoded) return std::nullopt;
  for (const std::string_view extension : {".npy", ".bin", ".nhdr"}) {
    if (encoded->ends_with(extension)) encoded->replace(encoded->size() - extension.size(), 1, "%2E");
  }
  return encoded->size() + kExtension <= kMaxFileName ? encoded : std::nullopt;
}

}  // namespace npyfs
