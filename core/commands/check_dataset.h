// What a data set holds, and what of it is damaged: npyfs --check. Everything that the mount would make a directory of
// an array is looked at, and nothing else is opened.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/npy/npy_header.h"
#include "core/paths/source_root.h"

namespace npyfs {

struct FoundArrays {
  std::vector<std::string> paths;  // beneath the root, sorted
  std::vector<Error> unreadable;   // directories (and links) that cannot be looked into; the subject is the path
};

// Finds every array, through links as the mount follows them. Each directory is visited once, whatever links lead to
// it, under its own name where it has one beneath the root. `found` is told how many arrays there are so far, once a
// directory. Memory and time are linear in the number of names.
FoundArrays find_arrays(const SourceRoot& root, const std::function<void(std::uint64_t)>& found);

struct CheckedArray {
  std::string path;                 // beneath the root
  std::uint64_t file_size = 0;      // bytes; 0 where the file cannot be opened
  std::optional<NpyHeader> header;  // empty where there is none that can be read
  std::optional<Error> problem;     // why no slice of it can be served; empty where all is well

  // Whether something is wrong with the file: not where it is a good one without slices (0-d, Python objects).
  bool damaged() const { return problem && problem->kind != ErrorKind::kNotSliceable; }
};

// Opens one file and reads its header. Never blocks, and reads a bounded number of bytes.
CheckedArray check_array(const SourceRoot& root, const std::string& path);

}  // namespace npyfs
