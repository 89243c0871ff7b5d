#include "core/array/info_json.h"

#include <fmt/format.h>

#include <cstdint>
#include <vector>

#include "core/array/item_type.h"
#include "core/array/nrrd_header.h"
#include "core/array/view.h"
#include "core/array/zarr_dtype.h"
#include "core/array/zarr_store.h"
#include "core/base/json_string.h"
#include "core/npy/npy_header.h"
#include "core/slice/aligned_split.h"

namespace npyfs {
namespace {

// "" for a file that is no archive.
std::string member_line(const std::string& member) {
  return member.empty() ? "" : fmt::format("  \"member\": {},\n", json_string(member));
}

// The members of every object, without a comma after the last one.
std::string common_members(const std::string& absolute_path, const std::string& member, const Shape& shape,
                           const std::string& descr, bool fortran_order, std::uint64_t itemsize) {
  return fmt::format(R"({{
  "source": {},
{}  "shape": [{}],
  "descr": {},
  "fortran_order": {},
  "itemsize": {})",
                     json_string(absolute_path), member_line(member), fmt::join(shape, ", "),
                     json_string(descr_text(descr)), fortran_order, itemsize);
}

// The members about the source file; only for the whole array, whose header can be read.
std::string file_members(const NpyFile& source) {
  const NpyHeader& header = *source.header();
  return fmt::format(R"(,
  "data_offset": {},
  "data_size": {},
  "file_size": {},
  "sliceable": {})",
                     source.extent()->offset + header.data_offset, data_size(header), source.file()->size(),
                     source.array().has_value());
}

// The same for an array that is joined from several files.
std::string part_members(const JoinedArray& source, const std::string& directory) {
  std::vector<std::string> parts;
  parts.reserve(source.parts().size());
  for (const JoinedPart& part : source.parts()) {
    parts.push_back(fmt::format(R"({{"path": {}, "first_row": {}, "rows": {}}})",
                                json_string(directory + "/" + part.name), part.first_row, part.rows()));
  }
  return fmt::format(",\n  \"parts\": [\n    {}\n  ]", fmt::join(parts, ",\n    "));
}

// The default chunk shape of the Zarr stores, the versions of the format that have such arrays, and the type in NRRD.
std::string members_for_other_formats(const Array& array, const Selection& selection, const ItemType& type) {
  std::vector<int> versions;
  if (zarr2_dtype(type)) versions.push_back(2);
  if (zarr3_dtype(type)) versions.push_back(3);
  const std::string nrrd = nrrd_type(array, selection);
  return fmt::format(",\n  \"zarr\": {{\"chunk\": [{}], \"versions\": [{}]}},\n  \"nrrd_type\": {}",
                     fmt::join(default_zarr_chunk(array, selection), ", "), fmt::join(versions, ", "),
                     nrrd.empty() ? "null" : json_string(nrrd));
}

std::string with_view(const Array& array, const Selection& selection, const std::string& absolute_path,
                      const std::string& member, const std::string& members) {
  const ItemType type = item_type(array, selection);
  const Geometry in_file = selection.geometry(array.geometry());
  std::vector<std::uint64_t> most(in_file.shape.size(), 1);
  for (std::size_t axis = 0; axis < most.size() && array.is_in_one_file(); ++axis) {
    most[axis] = AlignedUnits(in_file, axis, array.fortran_order).count();
  }
  const bool is_joined = array.files != nullptr;  // then it is in C order, and its parts in any
  const Geometry geometry =
      is_joined ? selection.geometry(contiguous_geometry(0, array.itemsize, array.shape, false)) : in_file;
  return common_members(absolute_path, member, geometry.shape, type.descr, array.fortran_order, type.itemsize) +
         members + members_for_other_formats(array, selection, type) +
         fmt::format(",\n  \"most_aligned_chunks\": [{}],\n  \"index\": {},\n  \"strides\": [{}]\n}}\n",
                     fmt::join(most, ", "), json_string(index_notation(array, selection)),
                     fmt::join(geometry.strides, ", "));
}

std::string size_members(const Array& array, const Selection& selection) {
  return fmt::format(",\n  \"data_size\": {},\n  \"sliceable\": true", view_size(array, selection, Form::kBin));
}

}  // namespace

std::string info_json(const NpyFile& source, const std::string& absolute_path, const std::string& member) {
  const std::string reason = fmt::format(",\n  \"reason\": {}\n}}\n", json_string(source.array().error().sentence));
  if (!source.header()) {
    return fmt::format("{{\n  \"source\": {},\n{}  \"file_size\": {},\n  \"sliceable\": false",
                       json_string(absolute_path), member_line(member), source.file()->size()) +
           reason;
  }
  const NpyHeader& header = *source.header();
  return common_members(absolute_path, member, header.shape, header.descr, header.fortran_order, header.itemsize) +
         file_members(source) + reason;
}

std::string info_json(const NpyFile& source, const std::string& absolute_path, const Array& array,
                      const Selection& selection, bool is_view, const std::string& member) {
  return with_view(array, selection, absolute_path, member,
                   is_view ? size_members(array, selection) : file_members(source));
}

std::string info_json(const JoinedArray& source, const std::string& absolute_path) {
  return fmt::format("{{\n  \"source\": {},\n  \"sliceable\": false", json_string(absolute_path)) +
         part_members(source, absolute_path) +
         fmt::format(",\n  \"reason\": {}\n}}\n", json_string(source.array().error().sentence));
}

std::string info_json(const JoinedArray& source, const std::string& absolute_path, const Array& array,
                      const Selection& selection, bool is_view) {
  const std::string parts = is_view ? "" : part_members(source, absolute_path);
  return with_view(array, selection, absolute_path, "", size_members(array, selection) + parts);
}

}  // namespace npyfs
