#include "core/slice/path_grammar.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>

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

// NUMBER that is the whole of `text`, and how many leading zeros it was written with.
struct SpelledNumber {
  std::uint64_t value;
  std::uint8_t leading_zeros;
};
std::optional<SpelledNumber> parse_number(std::string_view text) {
  const std::size_t digits = text.size();
  const auto value = take_number(text);
  if (!value || !text.empty() || digits > std::numeric_limits<std::uint8_t>::max()) return std::nullopt;
  return SpelledNumber{*value, static_cast<std::uint8_t>(digits - fmt::formatted_size("{}", *value))};
}

// NUMBER separator NUMBER form, without judging the numbers.
std::optional<Place> parse_view(PlaceKind kind, std::uint8_t axis, std::string_view separator, std::string_view name) {
  const auto first = take_number(name);
  if (!first || !take(name, separator)) return std::nullopt;
  const auto second = take_number(name);
  if (!second || (name != ".npy" && name != ".bin")) return std::nullopt;
  return Place{kind, name == ".npy" ? Form::kNpy : Form::kBin, axis, 0, *first, *second};
}

std::optional<Place> parse_chunk(PlaceKind kind, std::uint8_t axis, std::string_view name) {
  auto chunk = parse_view(kind, axis, "_of_", name);
  if (!chunk || chunk->first >= chunk->second) return std::nullopt;
  return chunk;
}

std::optional<Place> parse_slice(std::uint8_t axis, std::string_view name) {
  auto slice = parse_view(PlaceKind::kSlice, axis, "_to_", name);
  if (!slice || slice->first > slice->second) return std::nullopt;
  return slice;
}

std::optional<Place> parse_axis(std::string_view name) {
  if (!take(name, "axis")) return std::nullopt;
  const auto axis = parse_number(name);
  if (!axis || axis->value >= kMaxAxes) return std::nullopt;
  return Place{PlaceKind::kAxis, Form::kNpy, static_cast<std::uint8_t>(axis->value), axis->leading_zeros};
}

std::optional<Place> place_in_array(std::string_view name) {
  if (name == "source.npy") return Place{PlaceKind::kSource};
  if (name == "info.json") return Place{PlaceKind::kInfo};
  if (name == "error.txt") return Place{PlaceKind::kError};
  if (name == "chunks") return Place{PlaceKind::kChunks};
  if (name == "slices") return Place{PlaceKind::kSlices};
  return parse_axis(name);
}

std::optional<Place> place_in_axis(std::uint8_t axis, std::string_view name) {
  if (name == "chunks") return Place{PlaceKind::kAxisChunks, Form::kNpy, axis};
  if (name == "slices") return Place{PlaceKind::kSlices, Form::kNpy, axis};
  return std::nullopt;
}

std::optional<Place> place_in_chunks(std::uint8_t axis, std::string_view name) {
  if (name == "aligned") return Place{PlaceKind::kAligned, Form::kNpy, axis};
  const auto sections = parse_number(name);
  if (!sections) return parse_chunk(PlaceKind::kChunk, axis, name);
  if (sections->value == 0) return std::nullopt;
  return Place{PlaceKind::kChunksOf, Form::kNpy, axis, sections->leading_zeros, 0, sections->value};
}

std::size_t decimal_width(std::uint64_t number) {
  return fmt::formatted_size("{}", number);
}

std::string_view extension(Form form) {
  return form == Form::kNpy ? ".npy" : ".bin";
}

}  // namespace

std::optional<Place> place_in(const Place& directory, std::string_view name) {
  switch (directory.kind) {
    case PlaceKind::kArray:
      return place_in_array(name);
    case PlaceKind::kAxis:
      return place_in_axis(directory.axis, name);
    case PlaceKind::kChunks:
    case PlaceKind::kAxisChunks:
      return place_in_chunks(directory.axis, name);
    case PlaceKind::kChunksOf: {
      const auto chunk = parse_chunk(PlaceKind::kChunk, directory.axis, name);
      return chunk && chunk->second == directory.second ? chunk : std::nullopt;
    }
    case PlaceKind::kAligned:
      return parse_chunk(PlaceKind::kAlignedChunk, directory.axis, name);
    case PlaceKind::kSlices:
      return parse_slice(directory.axis, name);
    case PlaceKind::kChunk:
    case PlaceKind::kAlignedChunk:
    case PlaceKind::kSlice:
    case PlaceKind::kSource:
    case PlaceKind::kInfo:
    case PlaceKind::kError:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<Place> parse_place(std::string_view path) {
  std::optional<Place> place = Place{};
  while (place && !path.empty()) {
    const std::size_t slash = path.find('/');
    place = place_in(*place, path.substr(0, slash));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return place;
}

bool is_directory(const Place& place) {
  switch (place.kind) {
    case PlaceKind::kArray:
    case PlaceKind::kAxis:
    case PlaceKind::kChunks:
    case PlaceKind::kAxisChunks:
    case PlaceKind::kChunksOf:
    case PlaceKind::kAligned:
    case PlaceKind::kSlices:
      return true;
    default:
      return false;
  }
}

bool is_view(const Place& place) {
  return place.kind == PlaceKind::kChunk || place.kind == PlaceKind::kAlignedChunk || place.kind == PlaceKind::kSlice;
}

std::string format_name(const Place& place) {
  switch (place.kind) {
    case PlaceKind::kArray:
      return "";
    case PlaceKind::kAxis:
      return fmt::format("axis{}", place.axis);
    case PlaceKind::kChunks:
    case PlaceKind::kAxisChunks:
      return "chunks";
    case PlaceKind::kChunksOf:
      return fmt::format("{}", place.second);
    case PlaceKind::kAligned:
      return "aligned";
    case PlaceKind::kSlices:
      return "slices";
    case PlaceKind::kChunk:
    case PlaceKind::kAlignedChunk:
      return fmt::format("{:0{}}_of_{}{}", place.first, decimal_width(place.second - 1), place.second,
                         extension(place.form));
    case PlaceKind::kSlice:
      return fmt::format("{}_to_{}{}", place.first, place.second, extension(place.form));
    case PlaceKind::kSource:
      return "source.npy";
    case PlaceKind::kInfo:
      return "info.json";
    case PlaceKind::kError:
      return "error.txt";
  }
  return "";
}

std::string describe(const Place& place) {
  const std::string axis = (place.axis == 0 ? "" : fmt::format(" of axis {}", place.axis)) +
                           (place.form == Form::kBin ? ", without header" : "");
  if (place.kind == PlaceKind::kChunk) return fmt::format("chunk {} of {}{}", place.first, place.second, axis);
  if (place.kind == PlaceKind::kAlignedChunk) {
    return fmt::format("aligned chunk {} of {}{}", place.first, place.second, axis);
  }
  if (place.kind == PlaceKind::kSlice) return fmt::format("rows {} to {}{}", place.first, place.second, axis);
  return format_name(place);
}

std::string format_path(const Place& place) {
  const std::string axis = place.axis == 0 ? "" : fmt::format("axis{}/", place.axis);
  switch (place.kind) {
    case PlaceKind::kAxisChunks:
      return fmt::format("axis{}/chunks", place.axis);
    case PlaceKind::kChunks:
    case PlaceKind::kSlices:
      return axis + format_name(place);
    case PlaceKind::kChunksOf:
    case PlaceKind::kAligned:
    case PlaceKind::kChunk:
      return axis + "chunks/" + format_name(place);
    case PlaceKind::kAlignedChunk:
      return axis + "chunks/aligned/" + format_name(place);
    case PlaceKind::kSlice:
      return axis + "slices/" + format_name(place);
    default:
      return format_name(place);
  }
}

}  // namespace npyfs
