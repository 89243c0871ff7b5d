#include "core/slice/path_grammar.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace npyfs {
namespace {

constexpr std::uint64_t kMaxNumber = std::numeric_limits<std::int64_t>::max();

// Takes a NUMBER off the front of `text`.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;  // from_chars would take a sign
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number > kMaxNumber) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

// NUMBER that is the whole of `text`.
std::optional<std::uint64_t> parse_number(std::string_view text) {
  const auto number = take_number(text);
  return text.empty() ? number : std::nullopt;
}

// Takes the form off the end of `text`.
Form take_form(std::string_view& text) {
  for (const auto& [extension, form] : {std::pair{".npy", Form::kNpy}, std::pair{".bin", Form::kBin}}) {
    if (!text.ends_with(extension)) continue;
    text.remove_suffix(4);
    return form;
  }
  return Form::kArray;
}

std::optional<VirtualName> parse_chunk(NameKind kind, std::uint8_t axis, std::string_view text) {
  VirtualName chunk{.kind = kind, .form = take_form(text), .axis = axis};
  const auto index = take_number(text);
  if (!index || !take(text, "_of_")) return std::nullopt;
  const auto sections = parse_number(text);
  if (!sections || *index >= *sections) return std::nullopt;
  chunk.first = *index;
  chunk.second = *sections;
  return chunk;
}

std::optional<VirtualName> parse_slice(std::uint8_t axis, std::string_view text) {
  VirtualName slice{.kind = NameKind::kSlice, .form = take_form(text), .axis = axis};
  const auto start = take_number(text);
  if (!start || !take(text, "_to_")) return std::nullopt;
  const auto stop = take_number(text);
  if (!stop || *start > *stop) return std::nullopt;
  if (take(text, "_by_")) {
    const auto step = take_number(text);
    if (!step || *step == 0) return std::nullopt;
    slice.step = *step;
  }
  if (!text.empty()) return std::nullopt;
  slice.first = *start;
  slice.second = *stop;
  return slice;
}

std::optional<VirtualName> parse_counted(NameKind kind, std::uint8_t axis, std::uint64_t second,
                                         std::string_view text) {
  const Form form = take_form(text);
  const auto number = parse_number(text);
  if (!number) return std::nullopt;
  return VirtualName{.kind = kind, .form = form, .axis = axis, .first = *number, .second = second};
}

std::optional<VirtualName> parse_group(NameKind kind, std::uint8_t axis, std::string_view text) {
  const auto number = parse_number(text);
  if (!number || *number == 0) return std::nullopt;
  return VirtualName{.kind = kind, .axis = axis, .second = *number};
}

struct FixedName {
  std::string_view text;
  NameKind kind;
};

template <std::size_t kCount>
std::optional<VirtualName> parse_fixed(const std::array<FixedName, kCount>& names, std::uint8_t axis,
                                       std::string_view text) {
  for (const auto& name : names) {
    if (name.text == text) return VirtualName{.kind = name.kind, .axis = axis};
  }
  return std::nullopt;
}

constexpr std::array kOfArrays = {FixedName{"chunks", NameKind::kChunks},   FixedName{"slices", NameKind::kSlices},
                                  FixedName{"batches", NameKind::kBatches}, FixedName{"items", NameKind::kItems},
                                  FixedName{"index", NameKind::kIndex},     FixedName{"fields", NameKind::kFields},
                                  FixedName{"info.json", NameKind::kInfo}};
constexpr std::array kOfSources = {FixedName{"source.npy", NameKind::kSource},
                                   FixedName{"error.txt", NameKind::kError}};
constexpr std::array kOfAxes = {FixedName{"chunks", NameKind::kAxisChunks}, FixedName{"slices", NameKind::kSlices},
                                FixedName{"batches", NameKind::kBatches}, FixedName{"items", NameKind::kItems}};

std::optional<VirtualName> parse_in_array(bool is_source, std::string_view text) {
  if (const auto name = parse_fixed(kOfArrays, 0, text)) return name;
  if (is_source) {
    if (const auto name = parse_fixed(kOfSources, 0, text)) return name;
  }
  if (!take(text, "axis")) return std::nullopt;
  const auto axis = parse_number(text);
  if (!axis || *axis >= kMaxAxes) return std::nullopt;
  return VirtualName{.kind = NameKind::kAxis, .axis = static_cast<std::uint8_t>(*axis)};
}

std::optional<VirtualName> parse_in_chunks(std::uint8_t axis, std::string_view text) {
  if (text == "aligned") return VirtualName{.kind = NameKind::kAligned, .axis = axis};
  if (const auto chunk = parse_chunk(NameKind::kChunk, axis, text)) return chunk;
  return parse_group(NameKind::kChunksOf, axis, text);
}

std::optional<ParsedName> parse_text(NameKind kind, std::string_view text) {
  const Form form = take_form(text);
  if (text.empty()) return std::nullopt;
  return ParsedName{{.kind = kind, .form = form}, text};
}

std::optional<ParsedName> without_text(const std::optional<VirtualName>& name) {
  return name ? std::optional(ParsedName{*name, {}}) : std::nullopt;
}

std::size_t decimal_width(std::uint64_t number) {
  return fmt::formatted_size("{}", number);
}

std::string_view extension(Form form) {
  switch (form) {
    case Form::kNpy:
      return ".npy";
    case Form::kBin:
      return ".bin";
    case Form::kArray:
      return "";
  }
  return "";
}

std::string padded(std::uint64_t number, std::uint64_t count) {
  return fmt::format("{:0{}}", number, decimal_width(count == 0 ? 0 : count - 1));
}

}  // namespace

std::optional<ParsedName> parse_name(const VirtualName& directory, std::string_view name) {
  const std::uint8_t axis = directory.axis;
  if (is_view_name(directory.kind)) {
    return directory.form == Form::kArray ? without_text(parse_in_array(false, name)) : std::nullopt;
  }
  switch (directory.kind) {
    case NameKind::kArray:
      return without_text(parse_in_array(true, name));
    case NameKind::kAxis:
      return without_text(parse_fixed(kOfAxes, axis, name));
    case NameKind::kChunks:
    case NameKind::kAxisChunks:
      return without_text(parse_in_chunks(axis, name));
    case NameKind::kChunksOf: {
      const auto chunk = parse_chunk(NameKind::kChunk, axis, name);
      return without_text(chunk && chunk->second == directory.second ? chunk : std::nullopt);
    }
    case NameKind::kAligned:
      return without_text(parse_chunk(NameKind::kAlignedChunk, axis, name));
    case NameKind::kSlices:
      return without_text(parse_slice(axis, name));
    case NameKind::kBatches:
      return without_text(parse_group(NameKind::kBatchesOf, axis, name));
    case NameKind::kBatchesOf:
      return without_text(parse_counted(NameKind::kBatch, axis, directory.second, name));
    case NameKind::kItems:
      return without_text(parse_counted(NameKind::kItem, axis, 0, name));
    case NameKind::kIndex:
      return parse_text(NameKind::kIndexed, name);
    case NameKind::kFields:
      return parse_text(NameKind::kField, name);
    default:
      return std::nullopt;
  }
}

bool is_view_name(NameKind kind) {
  return kind >= NameKind::kChunk && kind <= NameKind::kField;
}

bool is_directory(const VirtualName& name) {
  return name.kind < NameKind::kChunk || (is_view_name(name.kind) && name.form == Form::kArray);
}

bool is_view(const VirtualName& name) {
  return is_view_name(name.kind) && name.form != Form::kArray;
}

std::string format_name(const VirtualName& name, std::uint64_t count) {
  switch (name.kind) {
    case NameKind::kAxis:
      return fmt::format("axis{}", name.axis);
    case NameKind::kChunks:
    case NameKind::kAxisChunks:
      return "chunks";
    case NameKind::kChunksOf:
    case NameKind::kBatchesOf:
      return fmt::format("{}", name.second);
    case NameKind::kAligned:
      return "aligned";
    case NameKind::kSlices:
      return "slices";
    case NameKind::kBatches:
      return "batches";
    case NameKind::kItems:
      return "items";
    case NameKind::kIndex:
      return "index";
    case NameKind::kFields:
      return "fields";
    case NameKind::kChunk:
    case NameKind::kAlignedChunk:
      return fmt::format("{}_of_{}{}", padded(name.first, name.second), name.second, extension(name.form));
    case NameKind::kSlice:
      return fmt::format("{}_to_{}{}{}", name.first, name.second,
                         name.step == 1 ? "" : fmt::format("_by_{}", name.step), extension(name.form));
    case NameKind::kBatch:
    case NameKind::kItem:
      return padded(name.first, count) + std::string(extension(name.form));
    case NameKind::kSource:
      return "source.npy";
    case NameKind::kInfo:
      return "info.json";
    case NameKind::kError:
      return "error.txt";
    case NameKind::kArray:
    case NameKind::kIndexed:
    case NameKind::kField:
      return "";
  }
  return "";
}

std::string describe(const VirtualName& name) {
  const std::string axis = (name.axis == 0 ? "" : fmt::format(" of axis {}", name.axis)) +
                           (name.form == Form::kBin ? ", without header" : "");
  switch (name.kind) {
    case NameKind::kChunk:
      return fmt::format("chunk {} of {}{}", name.first, name.second, axis);
    case NameKind::kAlignedChunk:
      return fmt::format("aligned chunk {} of {}{}", name.first, name.second, axis);
    case NameKind::kSlice:
      return fmt::format("rows {} to {}{}{}", name.first, name.second,
                         name.step == 1 ? "" : fmt::format(" by {}", name.step), axis);
    case NameKind::kBatch:
      return fmt::format("batch {} of {} rows{}", name.first, name.second, axis);
    case NameKind::kItem:
      return fmt::format("item {}{}", name.first, axis);
    default:
      return format_name(name);
  }
}

std::string format_path(const VirtualName& name) {
  const std::string axis = name.axis == 0 ? "" : fmt::format("axis{}/", name.axis);
  switch (name.kind) {
    case NameKind::kAxisChunks:
      return fmt::format("axis{}/chunks", name.axis);
    case NameKind::kChunks:
    case NameKind::kSlices:
    case NameKind::kBatches:
    case NameKind::kItems:
      return axis + format_name(name);
    case NameKind::kChunksOf:
    case NameKind::kAligned:
    case NameKind::kChunk:
      return axis + "chunks/" + format_name(name);
    case NameKind::kAlignedChunk:
      return axis + "chunks/aligned/" + format_name(name);
    case NameKind::kSlice:
      return axis + "slices/" + format_name(name);
    case NameKind::kBatchesOf:
      return axis + "batches/" + format_name(name);
    case NameKind::kBatch:
      return fmt::format("{}batches/{}/{}", axis, name.second, format_name(name));
    case NameKind::kItem:
      return axis + "items/" + format_name(name);
    default:
      return format_name(name);
  }
}

}  // namespace npyfs
