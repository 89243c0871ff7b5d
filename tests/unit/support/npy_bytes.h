// .npy files written by the tests' own few lines, and the bytes of slices found index by index: the plain models that
// core's closed forms are compared with.
#pragma once

#include <cstdint>
#include <functional>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "core/slice/array_split.h"

namespace npyfs {

struct TestArray {
  std::string descr = "'<f8'";  // as it stands in the header
  std::uint64_t itemsize = 8;   // bytes
  bool fortran_order = false;
  std::vector<std::uint64_t> shape;

  std::uint64_t data_size() const { return std::accumulate(shape.begin(), shape.end(), itemsize, std::multiplies<>()); }
};

// Bytes without a short period, so that any byte from a wrong place shows.
inline std::string pattern_bytes(std::uint64_t size) {
  std::string bytes(size, '\0');
  std::uint64_t state = 1;
  for (char& byte : bytes) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    byte = static_cast<char>(state >> 56);
  }
  return bytes;
}

// The framing and text of a version 1.0 header, padded to a multiple of 64.
inline std::string npy_header_bytes(const TestArray& array) {
  std::string shape;
  for (const std::uint64_t length : array.shape) shape += std::to_string(length) + ", ";
  std::string text = "{'descr': " + array.descr + ", 'fortran_order': " + (array.fortran_order ? "True" : "False") +
                     ", 'shape': (" + shape + "), }";
  while ((10 + text.size() + 1) % 64 != 0) text += ' ';
  text += '\n';
  const std::string length = {static_cast<char>(text.size() % 256), static_cast<char>(text.size() / 256)};
  return "\x93NUMPY" + std::string("\x01\x00", 2) + length + text;
}

inline std::string npy_bytes(const TestArray& array) {
  return npy_header_bytes(array) + pattern_bytes(array.data_size());
}

// For each byte of the slice array[..., rows, ...] along `axis`, in the order of the slice's own bytes: which byte of
// the array's data it is.
inline std::vector<std::uint64_t> slice_positions(const TestArray& array, std::size_t axis, RowRange rows) {
  const std::size_t dimensions = array.shape.size();
  const auto nth_fastest = [&](std::size_t n) { return array.fortran_order ? n : dimensions - 1 - n; };
  std::vector<std::uint64_t> stride(dimensions);
  std::uint64_t step = array.itemsize;
  for (std::size_t n = 0; n < dimensions; ++n) {
    stride[nth_fastest(n)] = step;
    step *= array.shape[nth_fastest(n)];
  }
  std::vector<std::uint64_t> shape = array.shape;
  shape[axis] = rows.size();
  const std::uint64_t items = std::accumulate(shape.begin(), shape.end(), std::uint64_t{1}, std::multiplies<>());
  std::vector<std::uint64_t> positions;
  for (std::uint64_t item = 0; item < items; ++item) {
    std::uint64_t rest = item;
    std::uint64_t position = rows.start * stride[axis];
    for (std::size_t n = 0; n < dimensions; ++n) {
      position += rest % shape[nth_fastest(n)] * stride[nth_fastest(n)];
      rest /= shape[nth_fastest(n)];
    }
    for (std::uint64_t byte = 0; byte < array.itemsize; ++byte) positions.push_back(position + byte);
  }
  return positions;
}

// The body of that slice, where `data` are the array's bytes.
inline std::string slice_bytes(const TestArray& array, std::string_view data, std::size_t axis, RowRange rows) {
  std::string bytes;
  for (const std::uint64_t position : slice_positions(array, axis, rows)) bytes += data[position];
  return bytes;
}

}  // namespace npyfs
