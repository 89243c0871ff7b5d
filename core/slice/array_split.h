// numpy.array_split in closed form.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>

namespace npyfs {

// Half-open range of rows along one axis.
struct RowRange {
  std::uint64_t start = 0;
  std::uint64_t stop = 0;

  std::uint64_t size() const { return stop - start; }
  bool operator==(const RowRange&) const = default;
};

// The rows of numpy.array_split(a, sections)[index] for an array `a` with `rows` rows: the first rows % sections
// sections have one row more than the others; with more sections than rows the last ones are empty. index < sections.
// No intermediate result exceeds `rows`, so nothing overflows.
constexpr RowRange array_split(std::uint64_t rows, std::uint64_t index, std::uint64_t sections) {
  assert(index < sections);
  const std::uint64_t each = rows / sections;
  const std::uint64_t extras = rows % sections;
  const std::uint64_t start = index * each + std::min(index, extras);
  return {start, start + each + (index < extras ? 1 : 0)};
}

}  // namespace npyfs
