// What lies below an array's directory: which names exist, and what each file holds.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/array/npy_file.h"
#include "core/array/view.h"
#include "core/array/virtual_path.h"
#include "core/base/error.h"
#include "core/paths/source_status.h"

namespace npyfs {

// An array's source at one moment.
struct ArrayState {
  SourceStatus status;                          // of the source
  Result<std::shared_ptr<const NpyFile>> file;  // an error if it cannot be opened
  std::string absolute_path;                    // of the source

  // The array, or why no slice of it can be served.
  Result<std::shared_ptr<const Array>> array() const;

  bool has_header() const { return file && (*file)->header(); }

  // Of the source in this state: FileVersion::hash(), and the file's birth if that is known.
  std::uint64_t version() const;
};

// What `name` is in the directory `directory`, which is virtual_path of its own. kNotFound with the reason if the array
// has nothing of that name; kStale if the directory is below a view of which the array no longer has the shape.
Result<VirtualPath> find_name(const VirtualPath& directory, std::string_view name, const ArrayState& array);

// Whether the array still has this. Errors as find_name().
Result<void> check_path(const VirtualPath& path, const ArrayState& array);

// The selection that a view is, or that a directory is below. Errors as find_name().
struct SelectedView {
  std::shared_ptr<const Array> array;
  Selection selection;
};
Result<SelectedView> selected_view(const VirtualPath& path, const ArrayState& array);

// What a file holds, and how many bytes that is. Errors as find_name(); an error of the system if the source cannot be
// opened. Not for directories.
Result<View> content_of(const VirtualPath& path, const ArrayState& array);
Result<std::uint64_t> size_of(const VirtualPath& path, const ArrayState& array);

// Whether a file may be written in a writable mount: views, and source.npy of a sliceable array.
bool is_for_writing(const VirtualPath& path, const ArrayState& array);

// The same file as content_of() has, with all bytes that must not change in its header. kNotWritable if it is not for
// writing.
Result<View> content_for_writing(const VirtualPath& path, const ArrayState& array);

// What sentences call a view: "chunk 3 of 16" right below the array, otherwise what it is in numpy's notation.
std::string describe_view(const VirtualPath& path, const ArrayState& array);

// A view's path below the array's directory, as people would write it: "chunks/3_of_16.npy", "index/10:20,3.npy".
std::string path_below_array(const VirtualPath& path, const ArrayState& array);

}  // namespace npyfs
