// What a path below an array's directory leads to. Compact, since millions may be in memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

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
  // So many bytes at the end of `selection` are none of it, but parameters(). Kept there, since few paths have any.
  std::uint32_t parameters_size = 0;

  bool operator==(const VirtualPath& other) const {
    if (is_view(name) && is_view(other.name)) return name.form == other.name.form && selection == other.selection;
    return name == other.name && selection == other.selection && parameters_size == other.parameters_size &&
           spelling == other.spelling;
  }
  std::uint64_t hash() const;

  // `selection` without the parameters.
  std::string_view encoded_selection() const {
    return std::string_view(selection).substr(0, selection.size() - parameters_size);
  }
  // What else the bytes of a file, or the names in a directory, depend on. Of a header for NRRD: the name of the file
  // with the body. Of what is in a Zarr store: see zarr_store.h. Empty for all else.
  std::string_view parameters() const { return std::string_view(selection).substr(selection.size() - parameters_size); }
  void set_parameters(std::string_view parameters) {
    selection.resize(selection.size() - parameters_size);
    selection += parameters;
    parameters_size = static_cast<std::uint32_t>(parameters.size());
  }

  // Whether it is a view, or below one. Then it is valid only for the shape of the array that it was looked up with.
  bool is_below_view() const { return depth > 0; }
};

}  // namespace npyfs
