// The header of a .npy file: bytes -> NpyHeader and back, as numpy/lib/format.py (1.24, 2.x) defines them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/npy/dtype.h"

namespace npyfs {

// A header that parsed, and whose sizes are known not to overflow:
// itemsize * product(shape) + data_offset fits into int64_t.
struct NpyHeader {
  std::string descr;                 // canonical, as numpy's repr writes it: '<f8' with its quotes, or [('a', '<i4')]
  std::uint64_t itemsize = 0;        // bytes
  bool fortran_order = false;        // as the file says, not normalised
  std::vector<std::uint64_t> shape;  // empty: 0-d
  std::uint64_t data_offset = 0;     // bytes from the start of the file to the first item
  bool holds_objects = false;        // pickled Python objects somewhere in descr: valid, not sliceable
  std::vector<Field> fields = {};    // of a structured dtype, see Dtype; empty otherwise
};

// The most bytes that a header takes: magic, version, length (12 bytes), and 1 MiB of text. No file is ever read
// further than this to learn what it is.
inline constexpr std::size_t kMaxHeaderBytes = 12 + (1 << 20);

// How many bytes magic, version, length field and dict take together, told by the first bytes of a file (12 suffice,
// fewer where the file is shorter). Refuses wrong magic, unknown versions, missing or oversized lengths, and a header
// that goes beyond `file_size`. Never more than kMaxHeaderBytes.
Result<std::size_t> npy_header_size(std::span<const std::byte> first_bytes, std::uint64_t file_size,
                                    std::string_view file_name);

// Parses a header. `bytes` holds exactly the npy_header_size() first bytes of the file. `file_name` is the subject of
// errors. Whether the file is long enough for its data is not judged here: see check_data_size().
Result<NpyHeader> parse_npy_header(std::span<const std::byte> bytes, std::string_view file_name);

// Why no slice can be served from this array, where that is so: 0-d (kNotSliceable), pickled objects (kNotSliceable),
// items of 0 bytes (kNotSliceable; numpy writes and loads those, '|S0' for instance, and there is nothing in them),
// fewer data than promised (check_data_size).
Result<void> check_sliceable(const NpyHeader& header, std::uint64_t file_size, std::string_view file_name);

// Refuses a file that is shorter than its header promises. The sentence names both numbers, shape and descr.
Result<void> check_data_size(const NpyHeader& header, std::uint64_t file_size, std::string_view file_name);

// Bytes of the array's items: itemsize * product(shape). Means nothing where they are pickled objects.
std::uint64_t data_size(const NpyHeader& header);

// Whether all rows of `array` lie in a file with the header `longer` where they lay with its own: the same items in the
// same order from the same offset, and at least as many along the axis that is the slowest in memory.
bool is_extension_of(const NpyHeader& longer, const NpyHeader& array);

// The bytes that np.save writes before the data of an array of this dtype, order and shape: keys sorted, padded for a
// growing axis and to a multiple of 64, version 1.0 where it fits, else 2.0, 3.0 where descr is not latin1.
// `fortran_order` is written as given: see is_fortran_contiguous_only() for what numpy would have written.
std::string format_npy_header(std::string_view descr, bool fortran_order, std::span<const std::uint64_t> shape);

// format_npy_header().size(), without formatting it.
std::size_t npy_header_length(std::string_view descr, bool fortran_order, std::span<const std::uint64_t> shape);

// The header of format_npy_header() padded to a multiple of kDataPage, so that the data behind it begin on an edge of a
// page. numpy loads it; for sources only, since it is not what np.save writes.
std::string format_page_aligned_npy_header(std::string_view descr, bool fortran_order,
                                           std::span<const std::uint64_t> shape);
inline constexpr std::size_t kDataPage = 4096;  // bytes

// Whether numpy would write an array of this shape, laid out in Fortran order, with fortran_order True: it says False
// where the array is C-contiguous as well (at most one dimension is larger than 1, or there are no items).
bool is_fortran_contiguous_only(std::span<const std::uint64_t> shape);

// "(3, 4)", "(3,)", "()": the repr of a tuple of ints.
std::string format_shape(std::span<const std::uint64_t> shape);

}  // namespace npyfs
