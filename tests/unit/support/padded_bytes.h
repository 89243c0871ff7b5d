// The plain model of a chunk with zeros at the edge of its array: item by item.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace npyfs {

// `items` are the bytes of a box of this shape, in C or Fortran order. The same in a box of shape `padded`, with zeros.
inline std::string padded_bytes(std::string_view items, std::uint64_t itemsize, const std::vector<std::uint64_t>& shape,
                                const std::vector<std::uint64_t>& padded, bool fortran_order) {
  const std::size_t ndim = shape.size();
  std::uint64_t count = 1;
  for (const std::uint64_t length : padded) count *= length;
  std::string bytes;
  for (std::uint64_t number = 0; number < count; ++number) {
    std::uint64_t rest = number;
    std::uint64_t item = 0;
    std::uint64_t stride = 1;
    bool is_item = true;
    for (std::size_t i = 0; i < ndim; ++i) {
      const std::size_t axis = fortran_order ? i : ndim - 1 - i;
      is_item = is_item && rest % padded[axis] < shape[axis];
      item += rest % padded[axis] * stride;
      stride *= shape[axis];
      rest /= padded[axis];
    }
    bytes += is_item ? std::string(items.substr(item * itemsize, itemsize)) : std::string(itemsize, '\0');
  }
  return bytes;
}

}  // namespace npyfs
