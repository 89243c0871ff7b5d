// npyfs --check: finds all arrays of a data set, and which of them are damaged. Opens exactly the files that the mount
// would show as directories of arrays.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/array/array_name.h"
#include "core/base/error.h"
#include "core/npy/npy_header.h"
#include "core/paths/source_root.h"

namespace npyfs {

// A symbolic link that the mount shows as a link, because it does not lead to anything below the root.
struct UnfollowedLink {
  std::string path;    // relative to the root
  std::string reason;  // "leads nowhere (to ../gone.npy)"
  bool is_broken;      // false if it leads to something outside the root
};

struct FoundArrays {
  std::vector<std::string> paths;     // of arrays and archives, relative to the root, sorted
  std::vector<UnfollowedLink> links;  // sorted by path
  std::vector<Error> unreadable;      // for directories and links that cannot be read; the subject is the path
};

// Finds every array and archive; follows links as the mount does. Visits each directory once, however many links lead
// to it: under its own name, if that is below the root. Calls `found` after each directory with the number of arrays so
// far. Memory and time are linear in the number of names. `suffixes` are those of further arrays.
FoundArrays find_arrays(const SourceRoot& root, const std::function<void(std::uint64_t)>& found,
                        const ArraySuffixes& suffixes = {});

struct CheckedArray {
  std::string path;                 // relative to the root; of a member of an archive, as in the mount
  std::uint64_t file_size = 0;      // bytes; of a member, its own in the archive
  std::optional<NpyHeader> header;  // nullopt if no header can be read
  std::optional<Error> problem;     // why no slice of it can be served; nullopt if slices can be served
  bool is_followed_by_npy = false;  // another .npy header follows the array in the file, as after two calls of np.save

  std::string archive = {};                                   // of a member: the path of the archive; otherwise ""
  std::optional<std::uint64_t> member_offset = std::nullopt;  // of a member: where in the archive its bytes begin

  bool is_sliceable() const { return !problem; }
  // Whether the file cannot be opened or read, so that nothing is known of what it holds.
  bool is_unreadable() const { return problem && problem->kind == ErrorKind::kSystem; }
  // False also for a valid file that has no slices (0-d, Python objects).
  bool is_damaged() const { return problem && !is_unreadable() && problem->kind != ErrorKind::kNotSliceable; }
  // How many bytes the file has after the array. 0 if that is unknown.
  std::uint64_t trailing_bytes() const;
};

// Opens one file and reads its header. Never blocks, and reads a bounded number of bytes.
CheckedArray check_array(const SourceRoot& root, const std::string& path);

// The directories that have files among these arrays, as find_arrays() returns them, that a mount joins into one array;
// sorted. Without those whose joined array has no name, because the source has something of that name.
std::vector<std::string> joined_directories(const SourceRoot& root, const std::vector<std::string>& paths);

// The array that is joined from the files of a directory. Its path is the one that it has in a mount, its file_size
// that of all items. Opens each file, one after the other.
CheckedArray check_joined(const SourceRoot& root, const std::string& directory);

struct CheckedArchive {
  std::string path;              // relative to the root
  std::uint64_t file_size = 0;   // bytes
  std::optional<Error> problem;  // why nothing of it can be served
  // The members that are arrays, and all that the mount leaves out because of their names.
  std::vector<CheckedArray> members;
};

// Opens one archive, and reads the header of each array in it. `suffixes` as for find_arrays().
CheckedArchive check_archive(const SourceRoot& root, const std::string& path, const ArraySuffixes& suffixes = {});

}  // namespace npyfs
