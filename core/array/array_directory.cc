#include "core/array/array_directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <utility>

#include "core/array/attributes.h"
#include "core/array/info_json.h"
#include "core/array/item_type.h"
#include "core/array/nrrd_header.h"
#include "core/array/zarr_store.h"
#include "core/base/hash.h"
#include "core/base/path_string.h"
#include "core/base/percent.h"
#include "core/slice/index_expression.h"
#include "core/slice/select.h"

namespace npyfs {
namespace {

std::unexpected<Error> not_found(std::string_view name, std::string why) {
  return std::unexpected(Error{ErrorKind::kNotFound, std::string(name), std::move(why)});
}

// The selection that a name means in the directory of another view.
Result<Selection> select_named(const Array& array, Selection of, const ParsedName& parsed) {
  switch (parsed.name.kind) {
    case NameKind::kIndexed:
      return select_by_expression(of, parsed.text);
    case NameKind::kField: {
      const auto field = percent_decoded(parsed.text);
      if (!field) return not_found(parsed.text, "is no name of a field: '%' begins two hexadecimal digits");
      return select_field(array, of, *field);
    }
    default: {
      const bool is_aligned = parsed.name.kind == NameKind::kAlignedChunk;
      Geometry whole = is_aligned ? array.geometry() : Geometry{};
      return select({std::move(of), std::move(whole), array.fortran_order, array.is_in_one_file()}, parsed.name);
    }
  }
}

// Whether a directory of this name exists: depends on the number of dimensions, and on whether there are fields.
Result<void> check_directory(const VirtualName& name, const SelectedView& of) {
  const std::size_t ndim = of.selection.ndim();
  if (name.kind == NameKind::kIndex || name.kind == NameKind::kArray || name.kind == NameKind::kZarr) return {};
  if (name.kind == NameKind::kFields) {
    if (!item_type(*of.array, of.selection).fields.empty()) return {};
    return not_found(format_path(name), "the array has no fields");
  }
  const bool is_below_axis = name.kind == NameKind::kAxis || name.kind == NameKind::kAxisChunks;
  if (name.axis < ndim && (ndim >= 2 || !is_below_axis)) return {};
  return not_found(format_path(name), "the array has no such axis, or is one-dimensional");
}

// info.json, error.txt and source.npy.
Result<void> check_file(const VirtualPath& path, const ArrayState& array) {
  switch (path.name.kind) {
    case NameKind::kSource:
      if (array.joined) return not_found("source.npy", "the array is joined from several files");
      return array.has_bytes() ? Result<void>{}
                               : not_found("source.npy", "its bytes are not in the archive as they are");
    case NameKind::kInfo:
      if (array.joined) return {};
      if (!array.file) return std::unexpected(array.file.error());
      if ((*array.file)->is_unreadable()) return std::unexpected((*array.file)->header().error());
      return {};
    default:
      return array.array() ? Result<void>(not_found("error.txt", "the array has slices, so there is nothing to say"))
                           : Result<void>{};
  }
}

Result<View> view_of(const VirtualPath& path, const ArrayState& array, std::size_t most_held) {
  const auto of = selected_view(path, array);
  if (!of) return std::unexpected(of.error());
  View view = make_view(*of->array, of->selection, path.name.form);
  if (path.name.kind == NameKind::kZarrChunk) view.padding = zarr_padding(path, *of);
  if (auto held = hold_files(view, most_held); !held) return std::unexpected(held.error());
  return view;
}

Result<View> view_for_writing(const VirtualPath& path, const ArrayState& array) {
  const auto is_open = [](const Segment& segment) { return segment.file != nullptr; };
  auto view = view_of(path, array, kMostHeldForWriting);
  if (!view || std::ranges::all_of(view->segments, is_open)) return view;
  if (view->segments.size() <= kMostHeldForWriting) {
    return std::unexpected(system_error(array.path.absolute(), "open", EMFILE));
  }
  return std::unexpected(
      Error{ErrorKind::kSystem, array.path.absolute(),
            fmt::format("{} lies in {} files, and at most {} are opened for writing at once: write a "
                        "view of fewer rows",
                        describe_view(path, array), view->segments.size(), kMostHeldForWriting),
            EMFILE});
}

Result<View> info_of(const VirtualPath& path, const ArrayState& array) {
  const auto of = selected_view(path, array);
  if (!of) return std::unexpected(of.error());
  if (array.joined) {
    return text_view(info_json(*array.joined, array.path.absolute(), *of->array, of->selection, path.is_below_view()));
  }
  return text_view(
      info_json(**array.file, array.path.absolute(), *of->array, of->selection, path.is_below_view(), array.member));
}

// source.npy.
View source_of(const ArrayState& array) {
  const NpyFile& file = **array.file;
  if (array.member.empty()) return whole_file_view(file.file());
  return extent_view(file.file(), file.guard(), *file.extent());
}

// The file beside a header for NRRD that has the body. `name` is the header's.
std::string body_beside(std::string_view name) {
  return std::string(name.substr(0, name.rfind('.'))) + ".bin";
}

// A view, if the selection exists.
Result<FoundName> find_view(VirtualPath found, std::string_view name, const ParsedName& parsed, SelectedView of) {
  if (++found.depth > VirtualPath::kMaxDepth) {
    return not_found(name, fmt::format("a path holds at most {} selections", VirtualPath::kMaxDepth));
  }
  auto selection = select_named(*of.array, std::move(of.selection), parsed);
  if (!selection) return std::unexpected(selection.error());
  found.selection.clear();
  if (found.name.form == Form::kBin) {
    selection->encode_bytes(found.selection);
  } else {
    selection->encode(found.selection);
  }
  if (found.name.form == Form::kNhdr) {
    found.set_parameters(body_beside(name));
    const auto header = nrrd_header(*of.array, *selection, found.parameters());
    if (!header) return not_found(name, header.error().sentence);
  }
  return FoundName{std::move(found), SelectedView{std::move(of.array), std::move(*selection)}};
}

}  // namespace

std::string ArrayState::name() const {
  const std::string name = last_component(path.absolute());
  return member.empty() ? name : name + "/" + member;
}

Result<std::shared_ptr<const Array>> ArrayState::array() const {
  if (joined) return joined->array();
  return file ? (*file)->array() : std::unexpected(file.error());
}

std::uint64_t ArrayState::version() const {
  if (joined) return joined->version();
  const std::uint64_t version = (file ? (*file)->version() : FileVersion::of(status)).hash();
  return status.birth_ns == 0 ? version : mix(version, static_cast<std::uint64_t>(status.birth_ns)) | 1;
}

Result<SelectedView> selected_view(const VirtualPath& path, const ArrayState& state) {
  const auto array = state.array();
  if (!array) return std::unexpected(array.error());
  if (path.encoded_selection().empty()) return SelectedView{*array, Selection::whole((*array)->shape)};
  auto selection = Selection::decode(path.encoded_selection(), (*array)->shape);
  const auto stale = [&](const char* why) {
    return std::unexpected(Error{ErrorKind::kStale, state.path.absolute(), why});
  };
  if (!selection) return stale("has another shape than when it was looked up");
  if (!has_fields(**array, *selection)) return stale("has other fields than when it was looked up");
  return SelectedView{*array, std::move(*selection)};
}

Result<FoundName> find_name(const VirtualPath& directory, std::string_view name, const ArrayState& array) {
  if (is_zarr(directory.name.kind)) {
    const auto of = selected_view(directory, array);
    if (!of) return std::unexpected(of.error());
    auto found = find_in_zarr(directory, name, *of);
    if (!found) return std::unexpected(found.error());
    if (is_directory(found->name)) found->spelling = mix(directory.spelling, std::hash<std::string_view>()(name));
    return FoundName{std::move(*found), std::nullopt};
  }
  const auto parsed = parse_name(directory.name, name);
  if (!parsed) {
    const std::string below = format_path(directory.name);
    return not_found(below + (below.empty() ? "" : "/") + std::string(name), "is no name of a chunk, slice or axis");
  }
  VirtualPath found{.name = parsed->name, .selection = directory.selection, .depth = directory.depth};
  if (is_directory(found.name)) found.spelling = mix(directory.spelling, std::hash<std::string_view>()(name));
  if (!is_directory(found.name) && !is_view_name(found.name.kind)) {
    if (auto exists = check_file(found, array); !exists) return std::unexpected(exists.error());
    return FoundName{std::move(found), std::nullopt};
  }
  auto of = selected_view(directory, array);
  if (!of) return std::unexpected(of.error());
  if (!is_view_name(found.name.kind)) {
    if (auto exists = check_directory(found.name, *of); !exists) return std::unexpected(exists.error());
    return FoundName{std::move(found), std::nullopt};
  }
  return find_view(std::move(found), name, *parsed, std::move(*of));
}

Result<void> check_path(const VirtualPath& path, const ArrayState& array) {
  if (path.name.kind == NameKind::kArray) return {};  // exists even if the file holds no valid array
  const bool is_of_items = is_directory(path.name) || is_view_name(path.name.kind) || is_zarr(path.name.kind);
  if (!is_of_items) return check_file(path, array);
  const auto of = selected_view(path, array);
  if (!of) return std::unexpected(of.error());
  if (is_zarr(path.name.kind)) return check_zarr(path, *of);
  return is_view_name(path.name.kind) ? Result<void>{} : check_directory(path.name, *of);
}

Result<View> content_of(const VirtualPath& path, const ArrayState& array) {
  if (is_view(path.name)) return view_of(path, array, kMostHeldForReading);
  if (auto exists = check_path(path, array); !exists) return std::unexpected(exists.error());
  if (path.name.kind == NameKind::kError) {
    Error why = array.array().error();
    why.subject = array.name();
    return text_view(to_message(why) + "\n");
  }
  if (!array.joined && !array.file) return std::unexpected(array.file.error());
  if (path.name.kind == NameKind::kSource) return source_of(array);
  if (path.name.kind == NameKind::kInfo && !array.array()) {
    return text_view(array.joined ? info_json(*array.joined, array.path.absolute())
                                  : info_json(**array.file, array.path.absolute(), array.member));
  }
  if (path.name.kind == NameKind::kInfo) return info_of(path, array);
  if (path.name.kind == NameKind::kZarrChunk) return view_of(path, array, kMostHeldForReading);
  const auto of = selected_view(path, array);
  if (!of) return std::unexpected(of.error());
  auto text = is_zarr(path.name.kind) ? zarr_text(path, *of, array.name())
                                      : nrrd_header(*of->array, of->selection, path.parameters());
  return text ? Result<View>(text_view(std::move(*text))) : std::unexpected(text.error());
}

Result<std::uint64_t> size_of(const VirtualPath& path, const ArrayState& array) {
  if (!is_view(path.name) && path.name.kind != NameKind::kZarrChunk) {
    // A file that may not be read has a status all the same, as it has in the source.
    if (path.name.kind == NameKind::kSource && !array.file) return static_cast<std::uint64_t>(array.status.st_size);
    const auto view = content_of(path, array);
    return view ? Result<std::uint64_t>(view->size()) : std::unexpected(view.error());
  }
  const auto of = selected_view(path, array);
  if (!of) return std::unexpected(of.error());
  if (path.name.kind == NameKind::kZarrChunk) return zarr_chunk_size(path, *of);
  return view_size(*of->array, of->selection, path.name.form);
}

bool is_for_writing(const VirtualPath& path, const ArrayState& array) {
  return (is_view(path.name) || path.name.kind == NameKind::kSource) && array.member.empty() && array.array();
}

Result<View> content_for_writing(const VirtualPath& path, const ArrayState& array) {
  if (!array.member.empty()) {
    return std::unexpected(
        Error{ErrorKind::kNotWritable, array.name() + "/" + format_path(path.name),
              "is in an archive, whose checksums would then be wrong: save the array as a .npy file, "
              "whose views can be written"});
  }
  if (!is_for_writing(path, array)) {
    return std::unexpected(
        Error{ErrorKind::kNotWritable, array.path.absolute() + "/" + format_path(path.name), "is not for writing"});
  }
  if (is_view(path.name)) return view_for_writing(path, array);
  const NpyFile& source = **array.file;
  const auto header = source.guard()->bytes();
  View view = text_view(std::string(reinterpret_cast<const char*>(header.data()), header.size()));
  const Extent body{header.size(), source.file()->size() - header.size()};
  view.segments.push_back({source.file(), source.guard(), Runs(body)});
  return view;
}

std::string describe_view(const VirtualPath& path, const ArrayState& array) {
  const bool has_text = path.name.kind == NameKind::kIndexed || path.name.kind == NameKind::kField;
  if (path.depth <= 1 && !has_text) return describe(path.name);
  const auto of = selected_view(path, array);
  if (!of) return "a view";
  return index_notation(*of->array, of->selection) + (path.name.form == Form::kBin ? ", without header" : "");
}

std::vector<std::size_t> touched_parts(const VirtualPath& path, const ArrayState& array) {
  std::vector<std::size_t> numbers;
  const auto of = selected_view(path, array);
  if (!of || !array.joined) return numbers;
  visit_parts(*of->array, of->selection,
              [&](const ArrayPart& part, const Selection&) { numbers.push_back(part.number); });
  return numbers;
}

ino_t inode_of(const VirtualPath& path, const ArrayState& array, dev_t root_device) {
  const std::string source = inode_depends_on_path(path.name.kind) ? array.path.absolute() : std::string();
  if (!array.joined || path.name.kind == NameKind::kArray) {
    return virtual_inode(array.status, root_device, path, source, array.member);
  }
  struct stat of_parts = static_cast<const struct stat&>(array.status);
  of_parts.st_ino = mix(of_parts.st_ino, array.joined->identity());
  return virtual_inode(of_parts, root_device, path, source);
}

std::string path_below_array(const VirtualPath& path, const ArrayState& array) {
  const bool has_text = path.name.kind == NameKind::kIndexed || path.name.kind == NameKind::kField;
  if (path.depth <= 1 && !has_text) return format_path(path.name);
  const auto of = selected_view(path, array);
  return of ? index_path(*of->array, of->selection, path.name.form) : format_path(path.name);
}

}  // namespace npyfs
