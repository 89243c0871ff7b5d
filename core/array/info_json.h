// info.json: the metadata of an array, for programs.
#pragma once

#include <string>
#include <string_view>

#include "core/array/array.h"
#include "core/array/joined_array.h"
#include "core/array/npy_file.h"
#include "core/slice/selection.h"

namespace npyfs {

// One JSON object with a final newline, for a source of which no slice can be served: "reason" says why, and what the
// header says is there if it can be read. Always valid JSON: bytes in names that are not UTF-8 are replaced by U+FFFD.
// `absolute_path` is that of the source, and `member` the name in it if it is an archive. "data_offset" and "file_size"
// are those of the file at `absolute_path`.
std::string info_json(const NpyFile& source, const std::string& absolute_path, const std::string& member = {});

// The same for an array, or for a view of it as an array (`is_view`). "index" is the selection in numpy's notation.
std::string info_json(const NpyFile& source, const std::string& absolute_path, const Array& array,
                      const Selection& selection, bool is_view, const std::string& member = {});

// The same two of a joined array, with the list of its parts. `absolute_path` is that of the directory.
std::string info_json(const JoinedArray& source, const std::string& absolute_path);
std::string info_json(const JoinedArray& source, const std::string& absolute_path, const Array& array,
                      const Selection& selection, bool is_view);

}  // namespace npyfs
