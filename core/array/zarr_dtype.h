// The dtype of an array in the metadata of a Zarr store.
#pragma once

#include <expected>
#include <string>

#include "core/array/item_type.h"

namespace npyfs {

// All texts are JSON, except `endian`.
struct ZarrDtype {
  std::string type;  // what "dtype" (version 2) or "data_type" (version 3) is
  std::string
      fill_value;      // version 2: null, because xarray takes a number as a mark of missing values; version 3: zero
  std::string endian;  // for the codec "bytes" of version 3: "little", "big", or "" if no item needs it
};

// In version 2 of the format, numpy's type strings. Padding of a structured dtype becomes fields of its own, since its
// bytes are in the chunks; subarrays of subarrays become one, and titles are left out. If the format has no such type:
// a sentence that says what it lacks.
std::expected<ZarrDtype, std::string> zarr2_dtype(const ItemType& item);

// In version 3: core data types, and registered extensions for strings, times and structured dtypes; raw bytes as
// zarr-python and tensorstore write them. A structured dtype has to be packed, with one byte order and no subarrays.
std::expected<ZarrDtype, std::string> zarr3_dtype(const ItemType& item);

}  // namespace npyfs
