// What is known of an array, for programs to read.
#pragma once

#include <string>
#include <string_view>

#include "core/array/array.h"
#include "core/array/npy_file.h"
#include "core/slice/selection.h"

namespace npyfs {

// descr as people write it: <f8, or [('a', '<i4')]. numpy.dtype() takes the first as it is, the second through
// ast.literal_eval().
std::string descr_text(const std::string& descr);

// One JSON object, with a final newline. Valid whatever the names hold: bytes that are no UTF-8 are replaced by U+FFFD.
// `absolute_path` is where the source is. This is of a source that has a header, but of which no slice can be served.
std::string info_json(const NpyFile& source, const std::string& absolute_path);

// The same of an array, or of a view of it as an array (`is_view`), with its place in the source in numpy's notation.
std::string info_json(const NpyFile& source, const std::string& absolute_path, const Array& array,
                      const Selection& selection, bool is_view);

}  // namespace npyfs
