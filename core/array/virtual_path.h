// What a path below an array's directory leads to, in few bytes: the kernel may know millions of them.
#pragma once

#include <cstdint>
#include <string>

#include "core/slice/path_grammar.h"

namespace npyfs {

// A directory or file below an array's directory. Names of views of which header and bytes are the same are equal
// virtual paths, whatever way they are spelled.
struct VirtualPath {
  // The most views of views in one path.
  static constexpr std::uint8_t kMaxDepth = 32;

  // The last component; of a view what it was called when it was first looked up.
  VirtualName name;
  // Of a view, and of a view as an array: Selection::encode(). Of other directories and files: the same of the view that
  // they are below. "" in and below the array's own directory.
  std::string selection = {};
  // Of directories: of their names on the way from the array's directory. The kernel knows a directory by one path only,
  // so two spellings of one are two directories.
  std::uint64_t spelling = 0;
  std::uint8_t depth = 0;  // how many views of views

  bool operator==(const VirtualPath& other) const {
    if (is_view(name) && is_view(other.name)) return name.form == other.name.form && selection == other.selection;
    return name == other.name && selection == other.selection && spelling == other.spelling;
  }
  std::uint64_t hash() const;

  // Whether it is below a view of the array, or one itself: then it means something for one shape of the array only.
  bool is_below_view() const { return depth > 0; }
};

}  // namespace npyfs
