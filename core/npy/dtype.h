// dtypes as the header of a .npy file describes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>

#include "core/npy/python_literal.h"

namespace npyfs {

// numpy 2 allows an array, and a subarray within an item, this many dimensions (numpy 1: 32).
inline constexpr std::size_t kMaxDimensions = 64;

// numpy counts the bytes of an item in a C int.
inline constexpr std::uint64_t kMaxItemsize = 2'147'483'647;

struct Dtype {
  // What numpy writes for this dtype: repr(dtype_to_descr(...)), for instance '<f8' with its quotes, [('a', '|i1')].
  std::string descr;
  std::uint64_t itemsize = 0;  // bytes, at most kMaxItemsize; 0 is valid: '|S0', []
  bool holds_objects = false;  // somewhere in it: '|O'
};

// The dtype that numpy.lib.format.descr_to_dtype makes of `descr`, on a little-endian machine whose long and pointers
// have 8 bytes and whose long double has 16 (x86-64, aarch64). On failure a sentence that names what was found.
//
// Accepted: type strings ('<f8', 'i4', '=u2', 'float64', 'U10', 'M8[25s]'), and lists of fields (name, descr) or
// (name, descr, shape), where name may be (title, name) and descr may be a list again or a subarray (descr, shape).
// Refused on purpose although numpy reads them: a subarray outside of a field (the shape in the header would not be the
// array's), comma-separated formats ('i4,f8'), blanks or signs in sizes, negative sizes, fractions of datetime units.
std::expected<Dtype, std::string> parse_dtype(const PythonLiteral& descr);

}  // namespace npyfs
