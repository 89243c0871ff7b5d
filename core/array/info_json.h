// What is known of an array, for programs to read.
#pragma once

#include <string>

#include "core/source/source_file.h"

namespace npyfs {

// descr as people write it: <f8, or [('a', '<i4')]. numpy.dtype() takes the first as it is, the second through
// ast.literal_eval().
std::string descr_text(const NpyHeader& header);

// One JSON object, with a final newline. Valid whatever the names hold: bytes that are no UTF-8 are replaced by U+FFFD.
// `source` has a header; `absolute_path` is where it is.
std::string info_json(const SourceFile& source, const std::string& absolute_path);

}  // namespace npyfs
