// The chunks of a Zarr store: a regular grid over an array, and the names of its cells.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/slice/axis_index.h"
#include "core/slice/geometry.h"

namespace npyfs {

// The chunk shape of a store that was asked for none: whole rows, so that a chunk is one range of a contiguous array,
// and kUsualChunk bytes at most, if a single item is not larger. Does not change while rows are appended, once the
// array has more than one chunk. An axis without indices has a chunk of length 1, as Zarr demands.
Shape default_chunk_shape(const Shape& shape, std::uint64_t itemsize, bool fortran_order);
inline constexpr std::uint64_t kUsualChunk = std::uint64_t{4} << 20;  // bytes

// "1000x64": a length for each axis, separated by 'x', each of them at least 1 and without leading zeros. nullopt if it
// is none.
std::optional<Shape> parse_chunk_shape(std::string_view text);

// The bytes of one chunk; nullopt if they do not fit into int64_t.
std::optional<std::uint64_t> chunk_size(const Shape& chunk, std::uint64_t itemsize);

// An array of shape `shape` in chunks of shape `chunk`, which has as many axes, and no length 0.
struct ChunkGrid {
  Shape shape;
  Shape chunk;

  std::uint64_t count(std::size_t axis) const { return shape[axis] / chunk[axis] + (shape[axis] % chunk[axis] != 0); }
  // Of the chunks of all axes from `axis` on. Fits: no axis has more chunks than indices.
  std::uint64_t count_from(std::size_t axis) const;

  // The indices of the array along an axis that are in the chunk with this number; fewer than chunk[axis] at the edge.
  // number < count(axis).
  AxisIndex indices(std::size_t axis, std::uint64_t number) const;

  // The number of a chunk along an axis, in decimal digits without leading zeros: a key has one spelling. nullopt if
  // there is no such chunk.
  std::optional<std::uint64_t> parse_number(std::size_t axis, std::string_view text) const;

  // "3.0": the number of a chunk along each axis; "0" if there is no axis.
  std::optional<Shape> parse_key(std::string_view text) const;
  // The key of the chunk with this number in C order. Inverse of parse_key().
  std::string key(std::uint64_t number) const;
};

}  // namespace npyfs
