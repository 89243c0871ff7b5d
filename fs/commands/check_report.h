// What npyfs --check prints.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/commands/check_dataset.h"

namespace npyfs {

struct CheckReport {
  std::string source;                // absolute path
  std::vector<CheckedArray> arrays;  // with the members of archives
  std::vector<UnfollowedLink> links;
  std::vector<Error> unreadable;              // directories; see FoundArrays
  std::vector<CheckedArchive> archives = {};  // their members are in `arrays`

  std::size_t count_sliceable() const;
  std::size_t count_damaged() const;
  std::size_t count_unreadable() const;  // arrays, archives and directories
  bool is_fine() const;
};

// A table for a terminal: a head, and aligned columns. Cells that are too wide are cut, except in the last column.
std::string check_table(const CheckReport& report);

// Lines for a pipe: one per array, archive or link, seven fields separated by tabs, nothing cut. Names are escaped, so
// that no field holds a tab or line break.
std::string check_lines(const CheckReport& report);

// One JSON object and a newline. It is valid JSON whatever the names hold: U+FFFD replaces bytes that are not UTF-8.
std::string check_json(const CheckReport& report);

// "arrays: 1000, sliceable: 990, damaged: 7, unreadable: 2, links not followed: 1"; "archives: 3" if there are any
std::string check_summary(const CheckReport& report);

}  // namespace npyfs
