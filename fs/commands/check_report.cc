#include "fs/commands/check_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "core/array/item_type.h"
#include "core/base/escape.h"
#include "core/base/readable_size.h"
#include "core/base/utf8.h"
#include "core/slice/chunk_grid.h"

namespace npyfs {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kColumns = 7;
using Row = std::array<std::string, kColumns>;
constexpr std::array kHead = {"array", "shape", "dtype", "order", "size", "sliceable", "zarr chunk"};
constexpr std::size_t kReasonColumn = 5;  // the last one in a table, since it may be long
constexpr std::size_t kSizeColumn = 4;    // aligned to the right
constexpr std::size_t kWidestCell = 40;   // characters
constexpr const char* kUnknown = "-";

enum class Sizes { kReadable, kInBytes };

// Characters, not bytes, so that columns of names beyond ASCII line up. `text` is well-formed UTF-8.
std::size_t width_of(const std::string& text) {
  return count_code_points(text);
}

std::string cut(const std::string& text) {
  static constexpr std::string_view kRest = "...";
  std::size_t end = 0;
  for (std::size_t characters = 0; characters < kWidestCell - kRest.size(); ++characters) {
    end += static_cast<std::size_t>(utf8_sequence_length(std::string_view(text).substr(end)));
  }
  return text.substr(0, end) + std::string(kRest);
}

// Of the Zarr stores that are asked for none.
Shape chunk_of(const CheckedArray& array) {
  return default_chunk_shape(array.header->shape, array.header->itemsize, array.header->fortran_order);
}

const char* prefix_of(const CheckedArray& array) {
  if (array.is_unreadable()) return "UNREADABLE: ";
  return array.is_damaged() ? "DAMAGED: " : "no: ";
}

bool is_unreadable_archive(const CheckedArchive& archive) {
  return archive.problem && archive.problem->kind == ErrorKind::kSystem;
}

bool is_damaged_archive(const CheckedArchive& archive) {
  return archive.problem && !is_unreadable_archive(archive);
}

std::string size_cell(std::uint64_t bytes, Sizes sizes) {
  return sizes == Sizes::kReadable ? readable_size(bytes) : fmt::format("{}", bytes);
}

Row row_of(const CheckedArray& array, Sizes sizes) {
  Row row;
  row.fill(kUnknown);
  row[0] = escaped(array.path);
  if (array.header) {
    row[1] = format_shape(array.header->shape);
    row[2] = escaped(descr_text(array.header->descr));
    row[3] = array.header->fortran_order ? "F" : "C";
  }
  row[4] = size_cell(array.file_size, sizes);
  row[5] = array.is_sliceable() ? "yes" : prefix_of(array) + array.problem->sentence;
  if (array.is_sliceable()) row[6] = fmt::format("{}", fmt::join(chunk_of(array), "x"));
  if (const std::uint64_t bytes = array.trailing_bytes(); bytes > 0) {
    row[5] += fmt::format("; {} more bytes follow the array", bytes);
    if (array.is_followed_by_npy) row[5] += ", and begin with the header of another one, which is not shown";
  }
  return row;
}

Row row_of(const CheckedArchive& archive, Sizes sizes) {
  Row row;
  row.fill(kUnknown);
  row[0] = escaped(archive.path);
  row[4] = size_cell(archive.file_size, sizes);
  const char* const prefix = is_damaged_archive(archive) ? "DAMAGED: " : "UNREADABLE: ";
  row[5] = archive.problem ? prefix + archive.problem->sentence : "archive";
  return row;
}

Row row_of(const UnfollowedLink& link) {
  Row row;
  row.fill(kUnknown);
  row[0] = escaped(link.path);
  row[5] = fmt::format("{}: {}", link.is_broken ? "BROKEN LINK" : "link", link.reason);
  return row;
}

Row row_of(const Error& unreadable) {
  Row row;
  row.fill(kUnknown);
  row[0] = unreadable.subject.empty() ? "." : escaped(unreadable.subject);
  row[5] = "UNREADABLE: " + unreadable.sentence;
  return row;
}

std::vector<Row> rows_of(const CheckReport& report, Sizes sizes) {
  std::vector<Row> rows;
  for (const auto& array : report.arrays) rows.push_back(row_of(array, sizes));
  for (const auto& archive : report.archives) rows.push_back(row_of(archive, sizes));
  for (const auto& link : report.links) rows.push_back(row_of(link));
  for (const auto& error : report.unreadable) rows.push_back(row_of(error));
  return rows;
}

Json json_of(const CheckedArray& array) {
  Json json;
  json["path"] = array.path;
  const bool known = array.header.has_value();
  json["shape"] = known ? Json(array.header->shape) : Json();
  json["descr"] = known ? Json(descr_text(array.header->descr)) : Json();
  json["fortran_order"] = known ? Json(array.header->fortran_order) : Json();
  json["itemsize"] = known ? Json(array.header->itemsize) : Json();
  json["data_offset"] = known ? Json(array.header->data_offset) : Json();
  json["file_size"] = array.file_size;
  json["trailing_bytes"] = known ? Json(array.trailing_bytes()) : Json();
  json["sliceable"] = array.is_sliceable();
  json["zarr_chunk"] = array.is_sliceable() ? Json(chunk_of(array)) : Json();
  json["damaged"] = array.is_damaged();
  json["unreadable"] = array.is_unreadable();
  json["reason"] = array.problem ? Json(array.problem->sentence) : Json();
  if (!array.archive.empty()) {
    json["archive"] = array.archive;
    json["member_offset"] = array.member_offset ? Json(*array.member_offset) : Json();
  }
  return json;
}

Json json_of(const CheckedArchive& archive) {
  Json json;
  json["path"] = archive.path;
  json["file_size"] = archive.file_size;
  json["damaged"] = is_damaged_archive(archive);
  json["unreadable"] = is_unreadable_archive(archive);
  json["reason"] = archive.problem ? Json(archive.problem->sentence) : Json();
  return json;
}

}  // namespace

std::size_t CheckReport::count_sliceable() const {
  return static_cast<std::size_t>(std::ranges::count_if(arrays, &CheckedArray::is_sliceable));
}

std::size_t CheckReport::count_damaged() const {
  return static_cast<std::size_t>(std::ranges::count_if(arrays, &CheckedArray::is_damaged) +
                                  std::ranges::count_if(archives, is_damaged_archive));
}

std::size_t CheckReport::count_unreadable() const {
  return static_cast<std::size_t>(std::ranges::count_if(arrays, &CheckedArray::is_unreadable) +
                                  std::ranges::count_if(archives, is_unreadable_archive)) +
         unreadable.size();
}

bool CheckReport::is_fine() const {
  return count_damaged() == 0 && count_unreadable() == 0 && std::ranges::none_of(links, &UnfollowedLink::is_broken);
}

std::string check_table(const CheckReport& report) {
  auto rows = rows_of(report, Sizes::kReadable);
  rows.insert(rows.begin(), Row());
  std::ranges::copy(kHead, rows.front().begin());
  for (auto& row : rows) std::swap(row[kReasonColumn], row.back());
  std::array<std::size_t, kColumns> widths = {};
  for (auto& row : rows) {
    for (std::size_t i = 0; i + 1 < kColumns; ++i) {
      if (i != 0 && width_of(row[i]) > kWidestCell) row[i] = cut(row[i]);
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < kColumns; ++i) {
      const std::string padding(widths[i] - width_of(row[i]), ' ');
      text += i == kSizeColumn ? padding + row[i] : row[i] + padding;
      text += "  ";
    }
    text += row.back() + "\n";
  }
  return text;
}

std::string check_lines(const CheckReport& report) {
  std::string text;
  for (const auto& row : rows_of(report, Sizes::kInBytes)) {
    fmt::format_to(std::back_inserter(text), "{}\n", fmt::join(row, "\t"));
  }
  return text;
}

std::string check_json(const CheckReport& report) {
  Json json;
  json["source"] = report.source;
  json["sliceable"] = report.count_sliceable();
  json["damaged"] = report.count_damaged();
  json["arrays"] = Json::array();
  for (const auto& array : report.arrays) json["arrays"].push_back(json_of(array));
  json["archives"] = Json::array();
  for (const auto& archive : report.archives) json["archives"].push_back(json_of(archive));
  json["links"] = Json::array();
  for (const auto& link : report.links) {
    json["links"].push_back({{"path", link.path}, {"reason", link.reason}, {"broken", link.is_broken}});
  }
  json["unreadable"] = Json::array();
  for (const auto& error : report.unreadable) {
    json["unreadable"].push_back({{"path", error.subject}, {"reason", error.sentence}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string check_summary(const CheckReport& report) {
  std::string text = fmt::format("arrays: {}, sliceable: {}, damaged: {}", report.arrays.size(),
                                 report.count_sliceable(), report.count_damaged());
  if (const auto unreadable = report.count_unreadable(); unreadable > 0) {
    text += fmt::format(", unreadable: {}", unreadable);
  }
  if (!report.archives.empty()) text += fmt::format(", archives: {}", report.archives.size());
  if (!report.links.empty()) text += fmt::format(", links not followed: {}", report.links.size());
  return text + "\n";
}

}  // namespace npyfs
