// The fixed part in front of a header's text: magic, version, length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/error.h"

namespace npyfs {

inline constexpr std::string_view kNpyMagic = "\x93NUMPY";

// Headers with a longer text are refused. np.load by itself reads 10,000 characters only, but takes more as its
// argument max_header_size, and programs that write thousands of fields (cryoSPARC's .cs files) go beyond that.
inline constexpr std::size_t kMaxHeaderText = 1 << 20;  // bytes

struct NpyFraming {
  int major = 0;                // 1, 2 or 3; the minor version is always 0
  std::size_t text_offset = 0;  // where the header's text starts: behind magic, version and length
  std::size_t text_length = 0;  // bytes of it; at least 1

  std::size_t total() const { return text_offset + text_length; }
};

// Reads the framing of a file of `file_size` bytes. `first_bytes` holds its first 12 bytes or more, or all of them
// where it is shorter. Everything that npy_header_size() refuses is refused here, before anything is allocated.
Result<NpyFraming> read_npy_framing(std::span<const std::byte> first_bytes, std::uint64_t file_size,
                                    std::string_view file_name);

}  // namespace npyfs
