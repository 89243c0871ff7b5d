// What a name below an array's directory means. This comment is the whole grammar:
//
//   array    = entry | axis '/' entry | 'index' [ '/' EXPRESSION form ] | 'fields' [ '/' FIELD form ]
//            | 'source.npy' | 'info.json' | 'error.txt' | store
//   axis     = 'axis' NUMBER
//   entry    = 'chunks'  [ '/' ( chunk | NUMBER '/' chunk | 'aligned' '/' chunk ) ]
//            | 'slices'  [ '/' NUMBER '_to_' NUMBER [ '_by_' NUMBER ] form ]         start <= stop, step >= 1
//            | 'batches' [ '/' NUMBER [ '/' NUMBER form ] ]                          rows of a batch >= 1
//            | 'items'   [ '/' NUMBER form ]
//   chunk    = NUMBER '_of_' NUMBER form                                             index < sections
//   form     = '.npy' | '.bin' | '.nhdr' | [ '/' array ]
//   store    = 'zarr2' | 'zarr3'                                                     below it: see zarr_store.h
//   NUMBER   = decimal digits, leading zeros allowed, less than 2^63
//
// Each chunk in chunks/NUMBER/ has NUMBER sections. EXPRESSION is numpy's basic indexing: see index_expression.h. FIELD
// is the name of a field, with some characters percent-encoded: see percent.h. The form '.npy' is a complete .npy file,
// '.bin' only its body, '.nhdr' a header for that body; without any, the name is a directory: the view as an array
// again.
//
// The grammar accepts a name without knowing the array. Whether an axis, a row or a field exists is checked later: see
// select.h. Names are parsed one component at a time, as a filesystem looks them up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace npyfs {

enum class NameKind : std::uint8_t {
  // Directories that hold names.
  kArray,       // data.npy/, or a view as an array: chunks/3_of_16/
  kAxis,        // axis1/
  kChunks,      // chunks/
  kAxisChunks,  // axis1/chunks/, which lists nothing, unlike kChunks
  kChunksOf,    // chunks/16/
  kAligned,     // chunks/aligned/
  kSlices,      // slices/
  kBatches,     // batches/
  kBatchesOf,   // batches/256/
  kItems,       // items/
  kIndex,       // index/
  kFields,      // fields/
  kZarr,        // zarr2/, zarr3/
  kZarrShaped,  // zarr3/1000x64/
  kZarrData,    // zarr3/data/
  kZarrKeys,    // zarr3/data/c/, zarr3/data/c/5/
  // Views.
  kChunk,         // 3_of_16.npy
  kAlignedChunk,  // 3_of_16.npy in chunks/aligned/
  kSlice,         // 1000_to_2000.npy, 10_to_90_by_4.npy
  kBatch,         // 3.npy in batches/256/
  kItem,          // 7.npy in items/
  kIndexed,       // -5:,::2.npy in index/
  kField,         // x.npy in fields/
  // Other files.
  kSource,  // source.npy
  kInfo,    // info.json
  kError,   // error.txt
  // Files of a Zarr store.
  kZarrGroup,            // .zgroup; zarr.json
  kZarrGroupAttributes,  // .zattrs
  kZarrConsolidated,     // .zmetadata
  kZarrArray,            // data/.zarray; data/zarr.json
  kZarrArrayAttributes,  // data/.zattrs
  kZarrError,            // error.txt
  kZarrChunk,            // data/0.3; data/c/0/3
};

enum class Form : std::uint8_t { kNpy, kBin, kNhdr, kArray };

// One parsed component of a path. Spellings that differ only in leading zeros are equal.
struct VirtualName {
  NameKind kind = NameKind::kArray;
  Form form = Form::kNpy;    // of views
  std::uint8_t axis = 0;     // of all kinds except kIndexed, kField and files that are not views
  std::uint64_t first = 0;   // index of a chunk, batch or item; start of a slice; 2 or 3: version of a Zarr store
  std::uint64_t second = 0;  // sections of chunks, rows of batches, stop of a slice
  std::uint64_t step = 1;    // of a slice

  bool operator==(const VirtualName&) const = default;
};

// `text` is for kIndexed and kField only: the expression, or the field's name as it is written in the path, without the
// form.
struct ParsedName {
  VirtualName name;
  std::string_view text;
};

// numpy 2 allows no more dimensions, so the largest axis number is one less.
inline constexpr std::uint8_t kMaxAxes = 64;

// Parses `name`, a name in `directory`. nullopt if the grammar has no such name there. The directory of a view
// (Form::kArray) has the same names as kArray, except source.npy and error.txt. The result's `text` points into `name`.
std::optional<ParsedName> parse_name(const VirtualName& directory, std::string_view name);

bool is_view_name(NameKind kind);
bool is_directory(const VirtualName& name);
// Whether it is a view as a file with the items of the array: '.npy' or '.bin'.
bool is_view(const VirtualName& name);
// Whether it is a Zarr store, or something in one.
bool is_zarr(NameKind kind);

// The last component of a path as listings show it. Numbers are padded with zeros to the width of the largest one, so
// that names in sorted order are in the order of rows. Inverse of parse_name(). `count`: the number of batches or items
// in the listing. Not for kArray, kIndexed and kField; of a Zarr store only for names that are fixed.
std::string format_name(const VirtualName& name, std::uint64_t count = 0);

// The name of a view or a file in sentences: "chunk 3 of 16", "rows 0 to 5 of axis 1, without header", "source.npy".
// Not for kIndexed and kField.
std::string describe(const VirtualName& name);

// The path relative to the array's directory, as listings show it; without axis0/ for axis 0. Not for kIndexed and
// kField.
std::string format_path(const VirtualName& name);

}  // namespace npyfs
