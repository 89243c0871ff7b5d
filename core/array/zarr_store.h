// Zarr stores below an array's directory, read-only:
//
//   zarr2/  .zgroup .zattrs .zmetadata  data/ .zarray .zattrs 0.0 0.1 ...
//   zarr3/  zarr.json                   data/ zarr.json c/0/0 c/0/1 ...
//
// zarr2/1000x64/ and zarr3/1000x64/ are the same with chunks of that shape. A store of an array whose dtype the version
// of the format does not have is a directory with error.txt alone.
//
// A chunk is a view: a selection of the array. A chunk that goes beyond the edge of the array has its full size, as
// Zarr demands, and zeros where there are no items.
//
// VirtualPath::parameters() is, for a chunk, the chunk shape if it has zeros, and otherwise empty: so the same bytes
// are the same file in every store. For all else in a store: the number of lengths, the chunk shape that was asked for,
// and the numbers of the directories below c/; or empty if there are none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/array/selected_view.h"
#include "core/array/virtual_path.h"
#include "core/base/error.h"
#include "core/slice/chunk_grid.h"
#include "core/slice/padding.h"

namespace npyfs {

// `of` is what the store is of, except that of a chunk it is what the chunk itself selects.

// The path of `name` in `directory`, which is_zarr(), without VirtualPath::spelling. kNotFound with the reason if there
// is none.
Result<VirtualPath> find_in_zarr(const VirtualPath& directory, std::string_view name, const SelectedView& of);

// Whether the path still exists. Errors as find_in_zarr().
Result<void> check_zarr(const VirtualPath& path, const SelectedView& of);

// The bytes of a file that is no chunk. `source` is the name of the array's file, for error.txt. Errors as
// find_in_zarr().
Result<std::string> zarr_text(const VirtualPath& path, const SelectedView& of, const std::string& source);

// The zeros of a chunk, whose items are those of the selection; nullopt if it has none.
std::optional<Padding> zarr_padding(const VirtualPath& path, const SelectedView& of);

// The number of bytes of a chunk.
std::uint64_t zarr_chunk_size(const VirtualPath& path, const SelectedView& of);

// What a directory lists: the keys of a grid, of which there may be very many, and then some names.
struct ZarrNames {
  std::optional<ChunkGrid> keys;
  std::vector<std::string> names;
};
ZarrNames list_zarr(const VirtualPath& directory, const SelectedView& of);

// The chunk shape of a store that was asked for none.
Shape default_zarr_chunk(const Array& array, const Selection& selection);

}  // namespace npyfs
