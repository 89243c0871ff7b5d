// Where the bytes of a slice are in its source file: equally long runs at equal distances.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/extent.h"

namespace npyfs {

// Byte i of the slice is byte first + (i / run) * stride + i % run of the file. All in bytes, but count.
// Contiguous slices are one run; an empty one has size() == 0. Products and sums are known to fit into int64_t, since
// the array they come from does.
struct StridedRuns {
  std::uint64_t first = 0;   // offset in the file of the first run
  std::uint64_t run = 0;     // length of a run
  std::uint64_t stride = 0;  // from the start of one run to the start of the next
  std::uint64_t count = 0;   // number of runs

  std::uint64_t size() const { return run * count; }
  bool operator==(const StridedRuns&) const = default;
};

// The range of the file that holds bytes [offset, offset + size) of the slice, gaps included.
// size > 0 and offset + size <= runs.size().
constexpr Extent span_of(const StridedRuns& runs, std::uint64_t offset, std::uint64_t size) {
  const auto position = [&](std::uint64_t i) { return runs.first + i / runs.run * runs.stride + i % runs.run; };
  const std::uint64_t start = position(offset);
  return {start, position(offset + size - 1) + 1 - start};
}

// Calls visit(Extent) for each piece of the file, in order, that bytes [offset, offset + size) of the slice are made
// of. offset + size <= runs.size().
template <typename Visit>
constexpr void for_each_extent(const StridedRuns& runs, std::uint64_t offset, std::uint64_t size, Visit visit) {
  if (size == 0) return;
  std::uint64_t run_start = runs.first + offset / runs.run * runs.stride;
  std::uint64_t within = offset % runs.run;
  while (size > 0) {
    const std::uint64_t length = std::min(size, runs.run - within);
    visit(Extent{run_start + within, length});
    size -= length;
    within = 0;
    run_start += runs.stride;
  }
}

}  // namespace npyfs
