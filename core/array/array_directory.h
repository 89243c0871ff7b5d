// The tree below an array's directory: which names exist, and what each file holds.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/array/joined_array.h"
#include "core/array/npy_file.h"
#include "core/array/selected_view.h"
#include "core/array/view.h"
#include "core/array/virtual_path.h"
#include "core/base/error.h"
#include "core/paths/source_path.h"
#include "core/paths/source_status.h"

namespace npyfs {

// The source of an array at one moment.
struct ArrayState {
  SourceStatus status;
  Result<std::shared_ptr<const NpyFile>> file;  // an error if it cannot be opened
  SourcePath path;
  // Not null if the source is a directory of parts; then `file` is an error, and `path` that of the directory.
  std::shared_ptr<const JoinedArray> joined = nullptr;
  std::string member = {};  // the name in the archive at `path`, whose status this is; "" for a file

  // The array, or why no slice of it can be served.
  Result<std::shared_ptr<const Array>> array() const;

  // Whether the file could be opened and read, so that it is known what it holds, be it an array or not. True of a
  // directory of parts.
  bool is_readable() const { return joined || (file && !(*file)->is_unreadable()); }
  // Whether there are the bytes of one .npy file: false for compressed members, and for a directory of parts.
  bool has_bytes() const { return !joined && (!file || (*file)->extent()); }
  // The name in messages.
  std::string name() const;

  // The version of the source in this state: FileVersion::hash() and, if known, the time of birth.
  std::uint64_t version() const;
};

// What a name leads to.
struct FoundName {
  VirtualPath path;
  std::optional<SelectedView> view;  // what selected_view() would decode again, if the name selects something
};

// What `name` in `directory` leads to. kNotFound with the reason if there is no such name for this array; kStale if the
// directory is below a view and the array's shape no longer fits that view.
Result<FoundName> find_name(const VirtualPath& directory, std::string_view name, const ArrayState& array);

// Whether the path still exists for this array. Errors as find_name().
Result<void> check_path(const VirtualPath& path, const ArrayState& array);

// The selection of a view, or the selection that a directory or another file is below. Errors as find_name().
Result<SelectedView> selected_view(const VirtualPath& path, const ArrayState& state);

// The bytes of a file, and their number. Errors as find_name(); kSystem if the source cannot be opened. Not for
// directories.
Result<View> content_of(const VirtualPath& path, const ArrayState& array);
Result<std::uint64_t> size_of(const VirtualPath& path, const ArrayState& array);

// Whether a file can be written in a writable mount: true for views, and for source.npy of a sliceable array, unless
// they are in an archive.
bool is_for_writing(const VirtualPath& path, const ArrayState& array);

// More files than these are not open at once for one view. A view that lies in more opens each for each read, so it
// fails with kStale if one was replaced meanwhile; and it cannot be opened for writing (kSystem with EMFILE), since
// each writer has to learn of every failed write-back.
inline constexpr std::size_t kMostHeldForReading = 16;
inline constexpr std::size_t kMostHeldForWriting = 256;

// The inode number of something at or below the array's directory: see virtual_inode() of attributes.h.
ino_t inode_of(const VirtualPath& path, const ArrayState& array, dev_t root_device);

// The bytes of content_of(), divided so that View::header holds all bytes that a write must not change. kNotWritable
// unless is_for_writing().
Result<View> content_for_writing(const VirtualPath& path, const ArrayState& array);

// The name of a view in sentences: "chunk 3 of 16" directly below the array, otherwise numpy's index notation.
std::string describe_view(const VirtualPath& path, const ArrayState& array);

// The numbers of the parts of a joined array that a view has items of: indices into JoinedArray::parts(). Empty for
// other arrays.
std::vector<std::size_t> touched_parts(const VirtualPath& path, const ArrayState& array);

// The path of a view relative to the array's directory, in its usual spelling: "chunks/3_of_16.npy",
// "index/10:20,3.npy".
std::string path_below_array(const VirtualPath& path, const ArrayState& array);

}  // namespace npyfs
