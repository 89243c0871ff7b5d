// What a path below an array's directory means. This comment is the whole grammar:
//
//   array     = 'chunks' | 'slices' | axis | 'source.npy' | 'info.json' | 'error.txt'
//   axis      = 'axis' NUMBER '/' ( 'chunks' | 'slices' )
//   chunks    = chunk | NUMBER '/' chunk           the second chunk's sections equal NUMBER
//             | 'aligned' '/' chunk                edges moved to page edges of the source: aligned_split.h
//   chunk     = NUMBER '_of_' NUMBER form          index < sections
//   slices    = NUMBER '_to_' NUMBER form          start <= stop
//   form      = '.npy' | '.bin'                    a complete .npy file | the body alone
//   NUMBER    = decimal digits, leading zeros allowed, less than 2^63
//
// Whether an axis or a row exists is for the array to say (see view.h); here only names are judged. Places are parsed
// one component at a time, as a filesystem is asked for them, and formatted in one way.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace npyfs {

enum class PlaceKind : std::uint8_t {
  kArray,         // data.npy/ itself
  kAxis,          // axis1/
  kChunks,        // chunks/
  kAxisChunks,    // axis1/chunks/, which lists nothing, unlike kChunks
  kChunksOf,      // chunks/16/
  kAligned,       // chunks/aligned/
  kSlices,        // slices/
  kChunk,         // 3_of_16.npy
  kAlignedChunk,  // 3_of_16.npy in chunks/aligned/
  kSlice,         // 1000_to_2000.npy
  kSource,        // source.npy
  kInfo,          // info.json
  kError,         // error.txt
};

enum class Form : std::uint8_t { kNpy, kBin };

// One place below an array's directory. Two names of one file are equal places. Directories spelled with different
// numbers of zeros are not: the kernel knows a directory by one name only.
struct Place {
  PlaceKind kind = PlaceKind::kArray;
  Form form = Form::kNpy;
  std::uint8_t axis = 0;
  std::uint8_t leading_zeros = 0;  // kAxis, kChunksOf
  std::uint64_t first = 0;         // kChunk, kAlignedChunk: index, kSlice: start
  std::uint64_t second = 0;        // kChunk, kAlignedChunk, kChunksOf: sections, kSlice: stop

  bool operator==(const Place&) const = default;
};

// Axes are numbered below this: no array has more dimensions (numpy 2).
inline constexpr std::uint8_t kMaxAxes = 64;

// The place that `name` is in `directory`; empty where the grammar has no such name there.
std::optional<Place> place_in(const Place& directory, std::string_view name);

// The place of a path relative to the array's directory ("axis1/chunks/3_of_16.npy"; "" is the array itself).
std::optional<Place> parse_place(std::string_view path);

bool is_directory(const Place& place);
bool is_view(const Place& place);  // kChunk, kAlignedChunk or kSlice

// The last component of a place's name as listings show it: a chunk's index is padded with zeros to the width of the
// largest index, so that sorted names are in row order. Inverse of place_in() in the place's directory.
// Not for kArray, whose name is the source file's own.
std::string format_name(const Place& place);

// What sentences call a view or the source file: "chunk 3 of 16", "rows 0 to 5 of axis 1, without header",
// "source.npy".
std::string describe(const Place& place);

// The path of a place relative to the array's directory, as listings show it: parse_place() takes it back.
// Leading zeros of directories are not kept, and axis 0 is written without its axis0/.
std::string format_path(const Place& place);

}  // namespace npyfs
