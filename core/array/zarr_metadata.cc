#include "core/array/zarr_metadata.h"

#include <fmt/format.h>

#include <cstddef>

namespace npyfs {
namespace {

std::string without_newline(std::string text) {
  text.pop_back();
  return text;
}

std::string list(const Shape& lengths) {
  return fmt::format("[{}]", fmt::join(lengths, ", "));
}

// ["dim_0", "dim_1"], as xarray names dimensions that have no names.
std::string dimension_names(std::size_t ndim) {
  std::string names;
  for (std::size_t axis = 0; axis < ndim; ++axis) names += fmt::format("{}\"dim_{}\"", axis == 0 ? "" : ", ", axis);
  return "[" + names + "]";
}

std::string codecs(const ZarrArray& array) {
  const std::size_t ndim = array.grid.shape.size();
  std::string transpose;
  if (array.fortran_order && ndim >= 2) {
    std::string order;
    for (std::size_t axis = ndim; axis-- > 0;) order += fmt::format("{}{}", axis, axis == 0 ? "" : ", ");
    transpose = fmt::format(R"({{"name": "transpose", "configuration": {{"order": [{}]}}}}, )", order);
  }
  const std::string& endian = array.dtype.endian;
  const std::string bytes = endian.empty()
                                ? R"({"name": "bytes"})"
                                : fmt::format(R"({{"name": "bytes", "configuration": {{"endian": "{}"}}}})", endian);
  return "[" + transpose + bytes + "]";
}

}  // namespace

std::string zarr2_group() {
  return "{\"zarr_format\": 2}\n";
}

std::string zarr2_group_attributes() {
  return "{}\n";
}

std::string zarr2_consolidated(const ZarrArray& array) {
  return fmt::format(R"({{
"zarr_consolidated_format": 1,
"metadata": {{
".zgroup": {},
".zattrs": {},
"data/.zarray": {},
"data/.zattrs": {}
}}
}}
)",
                     without_newline(zarr2_group()), without_newline(zarr2_group_attributes()),
                     without_newline(zarr2_array(array)), without_newline(zarr2_array_attributes(array)));
}

std::string zarr2_array(const ZarrArray& array) {
  const bool is_fortran = array.fortran_order && array.grid.shape.size() >= 2;
  return fmt::format(R"({{
  "zarr_format": 2,
  "shape": {},
  "chunks": {},
  "dtype": {},
  "compressor": null,
  "fill_value": {},
  "order": "{}",
  "filters": null,
  "dimension_separator": "."
}}
)",
                     list(array.grid.shape), list(array.grid.chunk), array.dtype.type, array.dtype.fill_value,
                     is_fortran ? 'F' : 'C');
}

std::string zarr2_array_attributes(const ZarrArray& array) {
  return fmt::format("{{\"_ARRAY_DIMENSIONS\": {}}}\n", dimension_names(array.grid.shape.size()));
}

std::string zarr3_group(const ZarrArray& array) {
  return fmt::format(R"({{
"zarr_format": 3,
"node_type": "group",
"attributes": {{}},
"consolidated_metadata": {{
"kind": "inline",
"must_understand": false,
"metadata": {{
"data": {}
}}
}}
}}
)",
                     without_newline(zarr3_array(array)));
}

std::string zarr3_array(const ZarrArray& array) {
  return fmt::format(R"({{
  "zarr_format": 3,
  "node_type": "array",
  "shape": {},
  "data_type": {},
  "chunk_grid": {{"name": "regular", "configuration": {{"chunk_shape": {}}}}},
  "chunk_key_encoding": {{"name": "default", "configuration": {{"separator": "/"}}}},
  "fill_value": {},
  "codecs": {},
  "attributes": {{}},
  "dimension_names": {}
}}
)",
                     list(array.grid.shape), array.dtype.type, list(array.grid.chunk), array.dtype.fill_value,
                     codecs(array), dimension_names(array.grid.shape.size()));
}

}  // namespace npyfs
