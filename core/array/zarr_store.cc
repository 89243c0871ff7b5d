#include "core/array/zarr_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <expected>
#include <utility>

#include "core/array/item_type.h"
#include "core/array/view.h"
#include "core/array/zarr_dtype.h"
#include "core/array/zarr_metadata.h"
#include "core/base/varint.h"

namespace npyfs {
namespace {

std::unexpected<Error> not_found(std::string_view name, std::string why) {
  return std::unexpected(Error{ErrorKind::kNotFound, std::string(name), std::move(why)});
}

// VirtualPath::parameters, except for chunks.
struct Parameters {
  Shape chunk;                         // empty: none was asked for
  std::vector<std::uint64_t> numbers;  // of the directories below c/

  std::string encode() const {
    std::string out;
    if (chunk.empty() && numbers.empty()) return out;
    append_varint(out, chunk.size());
    for (const std::uint64_t length : chunk) append_varint(out, length);
    for (const std::uint64_t number : numbers) append_varint(out, number);
    return out;
  }

  static Parameters decode(std::string_view text) {
    Parameters parameters;
    const std::uint64_t lengths = take_varint(text).value_or(0);
    while (!text.empty()) {
      auto& list = parameters.chunk.size() < lengths ? parameters.chunk : parameters.numbers;
      list.push_back(take_varint(text).value_or(0));
    }
    return parameters;
  }
};

// A store of one array, as its directories and its metadata see it.
struct Store {
  std::uint64_t version = 0;
  ChunkGrid grid;
  std::expected<ZarrDtype, std::string> dtype;
  bool fortran_order = false;
  Parameters parameters;

  std::size_t ndim() const { return grid.shape.size(); }
  ZarrArray array() const { return {grid, fortran_order, *dtype}; }
};

Result<Store> open_store(const VirtualPath& path, const SelectedView& of) {
  const ItemType item = item_type(*of.array, of.selection);
  Store store{.version = path.name.first,
              .grid = {of.selection.shape(), {}},
              .dtype = path.name.first == 2 ? zarr2_dtype(item) : zarr3_dtype(item),
              .fortran_order = of.array->fortran_order,
              .parameters = Parameters::decode(path.parameters())};
  store.grid.chunk =
      store.parameters.chunk.empty() ? default_zarr_chunk(*of.array, of.selection) : store.parameters.chunk;
  const std::string name = format_path(path.name);
  if (store.grid.chunk.size() != store.ndim()) {
    return not_found(name, fmt::format("the array has {} dimensions, and the chunk shape {}", store.ndim(),
                                       store.grid.chunk.size()));
  }
  if (!chunk_size(store.grid.chunk, item.itemsize)) return not_found(name, "a chunk would have more than 2^63 bytes");
  return store;
}

struct FixedName {
  std::string_view text;
  NameKind kind;
  std::uint64_t version;
};
constexpr std::array kInStore = {FixedName{".zattrs", NameKind::kZarrGroupAttributes, 2},
                                 FixedName{".zgroup", NameKind::kZarrGroup, 2},
                                 FixedName{".zmetadata", NameKind::kZarrConsolidated, 2},
                                 FixedName{"data", NameKind::kZarrData, 2},
                                 FixedName{"data", NameKind::kZarrData, 3},
                                 FixedName{"zarr.json", NameKind::kZarrGroup, 3}};
constexpr std::array kInData = {FixedName{".zarray", NameKind::kZarrArray, 2},
                                FixedName{".zattrs", NameKind::kZarrArrayAttributes, 2},
                                FixedName{"zarr.json", NameKind::kZarrArray, 3}};
constexpr std::string_view kError = "error.txt";
constexpr std::string_view kKeys = "c";  // of version 3

bool is_store(const VirtualName& name) {
  return name.kind == NameKind::kZarr || name.kind == NameKind::kZarrShaped;
}

// kArray if there is no such name.
NameKind fixed_kind(std::span<const FixedName> names, std::uint64_t version, std::string_view text) {
  const auto is_it = [&](const FixedName& fixed) { return fixed.version == version && fixed.text == text; };
  const auto found = std::ranges::find_if(names, is_it);
  return found == names.end() ? NameKind::kArray : found->kind;
}

// The chunk with these numbers, in a directory of the store.
VirtualPath chunk_path(const VirtualPath& directory, const Store& store, const SelectedView& of,
                       std::span<const std::uint64_t> numbers) {
  VirtualPath path{.name = {.kind = NameKind::kZarrChunk, .form = Form::kBin},
                   .depth = static_cast<std::uint8_t>(directory.depth + 1)};
  Selection selection = of.selection;
  for (std::size_t axis = 0; axis < store.ndim(); ++axis) {
    selection.take(axis, store.grid.indices(axis, numbers[axis]));
  }
  if (selection.shape() == store.grid.chunk) {
    selection.encode_bytes(path.selection);
  } else {
    selection.encode(path.selection);
    path.set_parameters(Parameters{store.grid.chunk, {}}.encode());
  }
  return path;
}

// The path of what `directory` has below c/ with these numbers: another directory, or a chunk.
VirtualPath numbered_path(const VirtualPath& directory, Store& store, const SelectedView& of) {
  if (store.parameters.numbers.size() == store.ndim()) {
    return chunk_path(directory, store, of, store.parameters.numbers);
  }
  VirtualPath path = directory;
  path.name.kind = NameKind::kZarrKeys;
  path.set_parameters(store.parameters.encode());
  return path;
}

std::optional<VirtualPath> find_in_data(const VirtualPath& directory, std::string_view name, Store& store,
                                        const SelectedView& of) {
  if (store.version == 3) {
    return name == kKeys ? std::optional(numbered_path(directory, store, of)) : std::nullopt;
  }
  const auto numbers = store.grid.parse_key(name);
  return numbers ? std::optional(chunk_path(directory, store, of, *numbers)) : std::nullopt;
}

std::optional<VirtualPath> find_in_keys(const VirtualPath& directory, std::string_view name, Store& store,
                                        const SelectedView& of) {
  const auto number = store.grid.parse_number(store.parameters.numbers.size(), name);
  if (!number) return std::nullopt;
  store.parameters.numbers.push_back(*number);
  return numbered_path(directory, store, of);
}

std::string metadata(NameKind kind, const Store& store) {
  const bool is_2 = store.version == 2;
  switch (kind) {
    case NameKind::kZarrGroup:
      return is_2 ? zarr2_group() : zarr3_group(store.array());
    case NameKind::kZarrGroupAttributes:
      return zarr2_group_attributes();
    case NameKind::kZarrConsolidated:
      return zarr2_consolidated(store.array());
    case NameKind::kZarrArray:
      return is_2 ? zarr2_array(store.array()) : zarr3_array(store.array());
    default:
      return zarr2_array_attributes(store.array());
  }
}

}  // namespace

Result<VirtualPath> find_in_zarr(const VirtualPath& directory, std::string_view name, const SelectedView& of) {
  VirtualPath found = directory;
  found.spelling = 0;
  if (directory.name.kind == NameKind::kZarr) {
    if (auto chunk = parse_chunk_shape(name)) {
      found.name.kind = NameKind::kZarrShaped;
      found.set_parameters(Parameters{std::move(*chunk), {}}.encode());
      if (auto exists = open_store(found, of); !exists) return not_found(name, exists.error().sentence);
      return found;
    }
  }
  auto store = open_store(directory, of);
  if (!store) return std::unexpected(store.error());
  const bool in_store = is_store(directory.name);
  if (!store->dtype) {
    if (!in_store || name != kError) return not_found(name, "error.txt is the only file of the store");
    found.name.kind = NameKind::kZarrError;
    return found;
  }
  if (directory.name.kind != NameKind::kZarrKeys) {
    const NameKind kind =
        in_store ? fixed_kind(kInStore, store->version, name) : fixed_kind(kInData, store->version, name);
    if (kind != NameKind::kArray) {
      found.name.kind = kind;
      return found;
    }
  }
  std::optional<VirtualPath> below;
  if (directory.name.kind == NameKind::kZarrData) below = find_in_data(found, name, *store, of);
  if (directory.name.kind == NameKind::kZarrKeys) below = find_in_keys(found, name, *store, of);
  if (!below) return not_found(name, "the Zarr store has no such key");
  return std::move(*below);
}

Result<void> check_zarr(const VirtualPath& path, const SelectedView& of) {
  if (path.name.kind == NameKind::kZarrChunk) return {};  // the array has its selection
  const auto store = open_store(path, of);
  if (!store) return std::unexpected(store.error());
  if (is_store(path.name)) return {};
  const auto gone = not_found(format_path(path.name), "the Zarr store no longer has this key");
  if (store->dtype.has_value() == (path.name.kind == NameKind::kZarrError)) return gone;
  const auto& numbers = store->parameters.numbers;
  if (path.name.kind == NameKind::kZarrKeys && numbers.size() >= store->ndim()) return gone;
  for (std::size_t axis = 0; axis < numbers.size(); ++axis) {
    if (numbers[axis] >= store->grid.count(axis)) return gone;
  }
  return {};
}

Result<std::string> zarr_text(const VirtualPath& path, const SelectedView& of, const std::string& source) {
  if (auto exists = check_zarr(path, of); !exists) return std::unexpected(exists.error());
  const auto store = open_store(path, of);
  if (!store) return std::unexpected(store.error());
  if (store->dtype) return metadata(path.name.kind, *store);
  return to_message({ErrorKind::kNotSliceable, source, store->dtype.error()}) + "\n";
}

std::optional<Padding> zarr_padding(const VirtualPath& path, const SelectedView& of) {
  if (path.parameters_size == 0) return std::nullopt;
  return Padding(item_type(*of.array, of.selection).itemsize, of.selection.shape(),
                 Parameters::decode(path.parameters()).chunk, of.array->fortran_order);
}

std::uint64_t zarr_chunk_size(const VirtualPath& path, const SelectedView& of) {
  const auto padding = zarr_padding(path, of);
  return padding ? padding->size() : view_size(*of.array, of.selection, Form::kBin);
}

ZarrNames list_zarr(const VirtualPath& directory, const SelectedView& of) {
  ZarrNames listed;
  auto store = open_store(directory, of);
  if (!store) return listed;
  const bool in_store = is_store(directory.name);
  if (!store->dtype) {
    if (in_store) listed.names.emplace_back(kError);
    return listed;
  }
  const auto add = [&](std::span<const FixedName> names) {
    for (const FixedName& fixed : names) {
      if (fixed.version == store->version) listed.names.emplace_back(fixed.text);
    }
  };
  if (in_store) {
    add(kInStore);
  } else if (directory.name.kind == NameKind::kZarrData) {
    if (store->version == 3) listed.names.emplace_back(kKeys);
    add(kInData);
    if (store->version == 2) listed.keys = std::move(store->grid);
  } else if (const std::size_t axis = store->parameters.numbers.size(); axis < store->ndim()) {
    listed.keys = ChunkGrid{{store->grid.shape[axis]}, {store->grid.chunk[axis]}};
  }
  return listed;
}

Shape default_zarr_chunk(const Array& array, const Selection& selection) {
  return default_chunk_shape(selection.shape(), item_type(array, selection).itemsize, array.fortran_order);
}

}  // namespace npyfs
