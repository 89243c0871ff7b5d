// What fuzz targets have in common: a condition that must hold, and what a sentence for people must be.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace npyfs {

// Ends the process, which libFuzzer reports with the input.
inline void require(bool holds, const char* what) {
  if (holds) return;
  fmt::print(stderr, "does not hold: {}\n", what);
  std::abort();
}

inline void require_sentence(std::string_view sentence) {
  require(!sentence.empty() && sentence.size() < 4'000, "a sentence is there and of readable length");
  require(std::none_of(sentence.begin(), sentence.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; }),
          "a sentence is one line without controls");
}

}  // namespace npyfs
