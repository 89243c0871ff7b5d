// What an array's directory, and each directory below it, lists.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/array/array_directory.h"
#include "core/array/virtual_path.h"
#include "core/slice/chunk_grid.h"

namespace npyfs {

// The names that a directory lists, in the order of rows. Names with numbers are generated one by one, so time and
// memory do not depend on how many there are.
class ArrayListing {
 public:
  // `default_chunks`: how many chunks chunks/ lists.
  ArrayListing(const VirtualPath& directory, const ArrayState& array, std::uint64_t default_chunks);

  std::uint64_t count() const { return numbered_ + names_.size(); }
  std::string name(std::uint64_t index) const;

 private:
  void list_array(const SelectedView& of, bool is_source);
  void list_fields(const SelectedView& of);

  std::optional<ChunkGrid> keys_;  // if the numbered names are keys of a Zarr store
  VirtualName each_;               // the numbered names, except for the number
  std::uint64_t numbered_ = 0;     // how many numbered names there are; they come first
  std::vector<std::string> names_;
};

}  // namespace npyfs
