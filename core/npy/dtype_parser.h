// Parsing the 'descr' of a header: a Python literal -> Dtype.
#pragma once

#include <expected>
#include <string>

#include "core/npy/dtype.h"
#include "core/npy/python_literal.h"

namespace npyfs {

// The dtype that numpy.lib.format.descr_to_dtype makes of `descr`, on a little-endian machine whose long and pointers
// have 8 bytes and whose long double has 16 (x86-64, aarch64). On failure a sentence that names what was found.
//
// Accepted: type strings ('<f8', 'i4', '=u2', 'float64', 'U10', 'M8[25s]'), and lists of fields (name, descr) or
// (name, descr, shape), where name may be (title, name) and descr may be a list again or a subarray (descr, shape).
// Refused on purpose although numpy reads them: a subarray outside of a field (the shape in the header would not be the
// array's), comma-separated formats ('i4,f8'), blanks or signs in sizes, negative sizes, fractions of datetime units.
std::expected<Dtype, std::string> parse_dtype(const PythonLiteral& descr);

}  // namespace npyfs
