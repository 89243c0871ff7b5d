// A Python literal, as far as the header of a .npy file may hold one: a tree of values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace npyfs {

// One value, as ast.literal_eval sees it.
struct PythonLiteral {
  enum class Kind { kNone, kBool, kInt, kFloat, kComplex, kStr, kBytes, kTuple, kList, kSet, kDict };

  Kind kind = Kind::kNone;
  bool truth = false;                           // kBool
  bool negative = false;                        // kInt; never set for 0
  std::optional<std::uint64_t> magnitude = {};  // kInt: the absolute value, empty where it needs more than 64 bits
  std::string text = {};                        // kStr: its value, in well-formed UTF-8
  std::vector<PythonLiteral> items = {};        // kTuple, kList, kSet; kDict: key, value, key, value, ...
  std::string_view source = {};                 // as it was spelt: a part of the parsed text, which must outlive this
};

enum class LiteralDialect {
  kPython3,  // version 3.0: what ast.literal_eval reads
  kPython2,  // versions 1.0 and 2.0: numpy first takes the text apart as Python 2 wrote it, ints may end in L
};

// `text` (UTF-8), cut to a length that suits a message.
std::string shortened(std::string_view text);

// A value as the header spells it (UTF-8), escaped and shortened, for messages.
std::string excerpt(std::string_view source);

// What a value is and how it is spelt, for messages: "an int (0x10)", "None".
std::string description(const PythonLiteral& literal);

}  // namespace npyfs
