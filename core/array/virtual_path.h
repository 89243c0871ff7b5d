// What a path below an array's directory leads to. Compact, since millions may be in memory.
#pragma once

#include <cstdint>
#include <string>

#include "core/slice/path_grammar.h"

namespace npyfs {

// A directory or file below an array's directory. Two spellings of a view with the same header and the same bytes are
// equal virtual paths.
struct VirtualPath {
  // The largest depth.
  static constexpr std::uint8_t kMaxDepth = 32;

  // The last component. Of a view: the one with which it was first looked up.
  VirtualName name;
  // Of a view, as a file or as a directory: Selection::encode(), or encode_bytes() for Form::kBin. Of other directories
  // and files: that of the view that they are below; "" if they are not below a view.
  std::string selection = {};
  // Of a directory: a hash of the components from the array's directory to it. A directory of the mount has one path
  // only, so two spellings of a view as a directory are two directories.
  std::uint64_t spelling = 0;
  std::uint8_t depth = 0;  // how many views the path goes through, with its own

  bool operator==(const VirtualPath& other) const {
    if (is_view(name) && is_view(other.name)) return name.form == other.name.form && selection == other.selection;
    return name == other.name && selection == other.selection && spelling == other.spelling;
  }
  std::uint64_t hash() const;

  // Whether it is a view, or below one. Then it is valid only for the shape of the array that it was looked up with.
  bool is_below_view() const { return depth > 0; }
};

}  // namespace npyfs
