#include "core/array/info_json.h"

#include <fmt/format.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/slice/aligned_split.h"

namespace npyfs {
namespace {

// The library makes the strings alone: where memory runs out it cannot destroy an object or array, and aborts.
std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::string descr_text(const NpyHeader& header) {
  const std::string& descr = header.descr;
  const bool is_type_string = descr.size() >= 2 && descr.front() == '\'';
  return is_type_string ? descr.substr(1, descr.size() - 2) : descr;
}

std::string info_json(const SourceFile& source, const std::string& absolute_path) {
  const NpyHeader& header = *source.header();
  std::string text = fmt::format(
      R"({{
  "source": {},
  "shape": [{}],
  "descr": {},
  "fortran_order": {},
  "itemsize": {},
  "data_offset": {},
  "data_size": {},
  "file_size": {},
  "sliceable": {})",
      quoted(absolute_path), fmt::join(header.shape, ", "), quoted(descr_text(header)), header.fortran_order,
      header.itemsize, header.data_offset, data_size(header), source.size(), source.sliceable().has_value());
  if (source.sliceable()) {
    std::vector<std::uint64_t> most;
    for (std::size_t axis = 0; axis < header.shape.size(); ++axis) {
      most.push_back(AlignedUnits(header, static_cast<std::uint8_t>(axis)).count());
    }
    text += fmt::format(",\n  \"most_aligned_chunks\": [{}]", fmt::join(most, ", "));
  }
  return text + "\n}\n";
}

}  // namespace npyfs
