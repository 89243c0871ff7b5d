// The metadata files of Zarr stores: a group with one array, "data".
#pragma once

#include <string>

#include "core/array/zarr_dtype.h"
#include "core/slice/chunk_grid.h"

namespace npyfs {

// The array of a store.
struct ZarrArray {
  ChunkGrid grid;
  bool fortran_order = false;  // of the items in a chunk
  ZarrDtype dtype;
};

// Version 2. All end with a newline.
std::string zarr2_group();                               // .zgroup
std::string zarr2_group_attributes();                    // .zattrs
std::string zarr2_consolidated(const ZarrArray& array);  // .zmetadata: all other files in one
std::string zarr2_array(const ZarrArray& array);         // data/.zarray
// data/.zattrs: the names of the dimensions, without which xarray opens no array.
std::string zarr2_array_attributes(const ZarrArray& array);

// Version 3.
std::string zarr3_group(const ZarrArray& array);  // zarr.json, with the metadata of all arrays
std::string zarr3_array(const ZarrArray& array);  // data/zarr.json

}  // namespace npyfs
