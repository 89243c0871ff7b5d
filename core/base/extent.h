// A range of bytes of a file.
#pragma once

#include <cstdint>

namespace npyfs {

// Half-open: [offset, offset + size).
struct Extent {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;

  std::uint64_t end() const { return offset + size; }
};

}  // namespace npyfs
