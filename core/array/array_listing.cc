#include "core/array/array_listing.h"

#include <fmt/format.h>

#include <utility>

#include "core/array/item_type.h"
#include "core/array/zarr_store.h"
#include "core/slice/aligned_split.h"
#include "core/slice/select.h"

namespace npyfs {
namespace {

// How many names a directory of chunks, batches or items lists.
std::uint64_t count_numbered(const VirtualName& directory, const SelectedView& of, std::uint64_t default_chunks) {
  if (directory.axis >= of.selection.ndim()) return 0;
  switch (directory.kind) {
    case NameKind::kChunks:
      return default_chunks;
    case NameKind::kChunksOf:
      return directory.second;
    case NameKind::kAligned: {
      if (!of.array->is_in_one_file()) return default_chunks == 1 ? 1 : 0;
      const Geometry geometry = of.selection.geometry(of.array->geometry());
      const AlignedUnits units(geometry, directory.axis, of.array->fortran_order);
      return default_chunks <= units.count() ? default_chunks : 0;
    }
    case NameKind::kBatchesOf:
      return count_batches(of.selection.length(directory.axis), directory.second);
    case NameKind::kItems:
      return of.selection.length(directory.axis);
    default:
      return 0;
  }
}

NameKind numbered_kind(NameKind directory) {
  switch (directory) {
    case NameKind::kAligned:
      return NameKind::kAlignedChunk;
    case NameKind::kBatchesOf:
      return NameKind::kBatch;
    case NameKind::kItems:
      return NameKind::kItem;
    default:
      return NameKind::kChunk;
  }
}

}  // namespace

ArrayListing::ArrayListing(const VirtualPath& directory, const ArrayState& array, std::uint64_t default_chunks) {
  const VirtualName& name = directory.name;
  const auto of = selected_view(directory, array);
  if (name.kind == NameKind::kArray && !of) {
    names_ = {"error.txt"};
    if (array.is_readable()) names_.emplace_back("info.json");
    if (array.has_bytes()) names_.emplace_back("source.npy");
  }
  if (name.kind == NameKind::kAxis) names_ = {"batches", "chunks", "slices"};
  if (!of) return;
  if (is_zarr(name.kind)) {
    auto listed = list_zarr(directory, *of);
    names_ = std::move(listed.names);
    keys_ = std::move(listed.keys);
    numbered_ = keys_ ? keys_->count_from(0) : 0;
    return;
  }
  if (name.kind == NameKind::kArray || is_view_name(name.kind))
    list_array(*of, name.kind == NameKind::kArray && !array.joined);
  if (name.kind == NameKind::kFields) list_fields(*of);
  numbered_ = count_numbered(name, *of, default_chunks);
  const bool is_of_chunks = name.kind != NameKind::kBatchesOf && name.kind != NameKind::kItems;
  each_ = {.kind = numbered_kind(name.kind), .axis = name.axis, .second = is_of_chunks ? numbered_ : name.second};
}

void ArrayListing::list_array(const SelectedView& of, bool is_source) {
  const std::size_t ndim = of.selection.ndim();
  for (std::size_t axis = 0; ndim >= 2 && axis < ndim; ++axis) names_.push_back(fmt::format("axis{}", axis));
  if (ndim > 0) names_.insert(names_.end(), {"batches", "chunks"});
  if (!item_type(*of.array, of.selection).fields.empty()) names_.emplace_back("fields");
  names_.emplace_back("index");
  if (ndim > 0) names_.emplace_back("slices");
  names_.emplace_back("info.json");
  if (is_source) names_.emplace_back("source.npy");
}

void ArrayListing::list_fields(const SelectedView& of) {
  for (const Field& field : item_type(*of.array, of.selection).fields) {
    if (!can_take_field(of.selection, field)) continue;
    if (const auto name = field_path_name(field.name)) names_.push_back(*name + ".npy");
  }
}

std::string ArrayListing::name(std::uint64_t index) const {
  if (index >= numbered_) return names_[index - numbered_];
  if (keys_) return keys_->key(index);
  VirtualName name = each_;
  name.first = index;
  return format_name(name, numbered_);
}

}  // namespace npyfs
