// What a directory below an array's lists.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/array/array_directory.h"
#include "core/array/virtual_path.h"

namespace npyfs {

// The names that a directory lists, in the order of rows. Numbers make no difference: constant time and memory, however
// many there are.
class ArrayListing {
 public:
  // `default_chunks` is how many chunks chunks/ lists.
  ArrayListing(const VirtualPath& directory, const ArrayState& array, std::uint64_t default_chunks);

  std::uint64_t count() const { return numbered_ + names_.size(); }
  std::string name(std::uint64_t index) const;

 private:
  void list_array(const SelectedView& of, bool is_source);
  void list_fields(const SelectedView& of);

  VirtualName each_;            // numbered names: all but the number
  std::uint64_t numbered_ = 0;  // how many of these there are
  std::vector<std::string> names_;
};

}  // namespace npyfs
