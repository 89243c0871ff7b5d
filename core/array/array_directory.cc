#include "core/array/array_directory.h"

#include <fmt/format.h>

#include <utility>

#include "core/array/info_json.h"
#include "core/slice/aligned_split.h"

namespace npyfs {
namespace {

std::unexpected<Error> not_found(const Place& place, const char* why) {
  return std::unexpected(Error{ErrorKind::kNotFound, format_path(place), why});
}

// The header of an array that is known to be sliceable.
const NpyHeader& header_of(const ArrayState& array) {
  return *(*array.file)->header();
}

bool has_header(const ArrayState& array) {
  return array.file && (*array.file)->header();
}

bool is_unreadable(const ArrayState& array) {
  return array.file && (*array.file)->is_unreadable();
}

}  // namespace

Result<void> ArrayState::sliceable() const {
  return file ? (*file)->sliceable() : std::unexpected(file.error());
}

std::uint64_t ArrayState::version() const {
  const std::uint64_t version = (file ? (*file)->version() : FileVersion::of(status)).hash();
  return status.birth_ns == 0 ? version : mix(version, static_cast<std::uint64_t>(status.birth_ns)) | 1;
}

FileContent text_content(std::string text) {
  return {View{std::move(text), {}}, nullptr};
}

Result<void> check_place(const Place& place, const ArrayState& array) {
  if (place.kind == PlaceKind::kArray || place.kind == PlaceKind::kSource) return {};
  if (place.kind == PlaceKind::kInfo) {
    if (has_header(array)) return {};
    return is_unreadable(array) ? array.sliceable() : not_found(place, "the source has no header");
  }
  const auto sliceable = array.sliceable();
  if (place.kind == PlaceKind::kError) {
    return sliceable ? not_found(place, "the array has no error") : Result<void>{};
  }
  if (!sliceable) return sliceable;
  const std::size_t dimensions = header_of(array).shape.size();
  const bool is_below_axis = place.kind == PlaceKind::kAxis || place.kind == PlaceKind::kAxisChunks;
  if (place.axis >= dimensions || (is_below_axis && dimensions < 2)) {
    return not_found(place, "the array has no such axis, or is one-dimensional");
  }
  if (!is_view(place)) return {};
  const auto rows = rows_of(place, header_of(array));
  return rows ? Result<void>{} : std::unexpected(rows.error());
}

Result<FileContent> content_of(const Place& place, const ArrayState& array) {
  if (auto exists = check_place(place, array); !exists) return std::unexpected(exists.error());
  if (place.kind == PlaceKind::kError) {
    Error why = array.sliceable().error();
    why.subject = array.absolute_path.substr(array.absolute_path.rfind('/') + 1);
    return text_content(to_message(why) + "\n");
  }
  if (!array.file) return std::unexpected(array.file.error());
  const auto& source = *array.file;
  if (place.kind == PlaceKind::kInfo) return text_content(info_json(*source, array.absolute_path));
  if (place.kind == PlaceKind::kSource) return FileContent{whole_file_view(source->size()), source};
  auto view = make_view(place, header_of(array));
  if (!view) return std::unexpected(view.error());
  return FileContent{std::move(*view), source};
}

bool is_for_writing(const Place& place, const ArrayState& array) {
  return (is_view(place) || place.kind == PlaceKind::kSource) && array.sliceable();
}

Result<FileContent> content_for_writing(const Place& place, const ArrayState& array) {
  if (!is_for_writing(place, array)) {
    return std::unexpected(
        Error{ErrorKind::kNotWritable, array.absolute_path + "/" + format_path(place), "is not for writing"});
  }
  if (is_view(place)) return content_of(place, array);
  const auto& source = *array.file;
  const auto header = source->header_bytes();
  const std::uint64_t size = source->size() - header.size();
  return FileContent{View{std::string(reinterpret_cast<const char*>(header.data()), header.size()),
                          {.first = header.size(), .run = size, .stride = size, .count = size == 0 ? 0u : 1u}},
                     source};
}

ArrayListing::ArrayListing(const Place& directory, const ArrayState& array, std::uint64_t default_chunks)
    : axis_(directory.axis) {
  const bool sliceable = array.sliceable().has_value();
  if (directory.kind == PlaceKind::kChunks && sliceable) sections_ = default_chunks;
  if (directory.kind == PlaceKind::kChunksOf && sliceable) sections_ = directory.second;
  if (directory.kind == PlaceKind::kAligned && sliceable) {
    chunks_ = PlaceKind::kAlignedChunk;
    if (default_chunks <= AlignedUnits(header_of(array), axis_).count()) sections_ = default_chunks;
  }
  const auto list = [&](PlaceKind kind, std::uint8_t axis) { places_.push_back(Place{kind, Form::kNpy, axis}); };
  if (directory.kind == PlaceKind::kAxis) {
    list(PlaceKind::kAxisChunks, axis_);
    list(PlaceKind::kSlices, axis_);
  }
  if (directory.kind != PlaceKind::kArray) return;
  if (sliceable) {
    const std::size_t dimensions = header_of(array).shape.size();
    for (std::uint8_t axis = 0; dimensions >= 2 && axis < dimensions; ++axis) list(PlaceKind::kAxis, axis);
    list(PlaceKind::kChunks, 0);
    list(PlaceKind::kSlices, 0);
  } else {
    list(PlaceKind::kError, 0);
  }
  if (has_header(array)) list(PlaceKind::kInfo, 0);
  list(PlaceKind::kSource, 0);
}

Place ArrayListing::at(std::uint64_t index) const {
  if (index >= sections_) return places_[index - sections_];
  return Place{chunks_, Form::kNpy, axis_, 0, index, sections_};
}

Result<std::vector<ExtendedAttribute>> extended_attributes(const Place& place, const ArrayState& array) {
  std::vector<ExtendedAttribute> attributes;
  if (!is_view(place)) return attributes;
  if (auto exists = check_place(place, array); !exists) return std::unexpected(exists.error());
  const NpyHeader& header = header_of(array);
  const RowRange rows = *rows_of(place, header);
  attributes = {{"user.npyfs.source", array.absolute_path},
                {"user.npyfs.axis", fmt::format("{}", place.axis)},
                {"user.npyfs.start", fmt::format("{}", rows.start)},
                {"user.npyfs.stop", fmt::format("{}", rows.stop)},
                {"user.npyfs.shape", format_shape(shape_of_slice(header, place.axis, rows))},
                {"user.npyfs.descr", descr_text(header)}};
  return attributes;
}

}  // namespace npyfs
