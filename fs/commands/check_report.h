// What npyfs --check prints.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/commands/check_dataset.h"

namespace npyfs {

struct CheckReport {
  std::string source;  // absolute path
  std::vector<CheckedArray> arrays;
  std::vector<Error> unreadable;  // as FoundArrays has it

  std::size_t chunkable() const;
  std::size_t damaged() const;
  bool is_fine() const { return damaged() == 0 && unreadable.empty(); }
};

// For a terminal: a head, and columns of equal width; long cells but the last are cut.
std::string check_table(const CheckReport& report);

// For pipes: one line an array, six fields with a tab between two of them, complete. Escaped, so that a field holds
// neither tab nor line break.
std::string check_lines(const CheckReport& report);

// One JSON object, with a final newline. Valid whatever the names hold: bytes that are no UTF-8 are replaced by U+FFFD.
std::string check_json(const CheckReport& report);

// "arrays: 1000, chunkable: 990, damaged: 7, unreadable directories: 2"
std::string check_summary(const CheckReport& report);

}  // namespace npyfs
