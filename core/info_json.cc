#include "core/info_json.h"

#include <nlohmann/json.hpp>

#include "core/aligned_split.h"

namespace npyfs {

std::string descr_text(const NpyHeader& header) {
  const std::string& descr = header.descr;
  const bool is_type_string = descr.size() >= 2 && descr.front() == '\'';
  return is_type_string ? descr.substr(1, descr.size() - 2) : descr;
}

std::string info_json(const SourceFile& source, const std::string& absolute_path) {
  const NpyHeader& header = *source.header();
  nlohmann::ordered_json info;
  info["source"] = absolute_path;
  info["shape"] = header.shape;
  info["descr"] = descr_text(header);
  info["fortran_order"] = header.fortran_order;
  info["itemsize"] = header.itemsize;
  info["data_offset"] = header.data_offset;
  info["data_size"] = data_size(header);
  info["file_size"] = source.size();
  info["sliceable"] = source.sliceable().has_value();
  if (source.sliceable()) {
    auto& most = info["most_aligned_chunks"] = nlohmann::ordered_json::array();
    for (std::uint8_t axis = 0; axis < header.shape.size(); ++axis) most.push_back(AlignedUnits(header, axis).count());
  }
  return info.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace npyfs
