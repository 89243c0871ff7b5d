// Python literals as the header of a .npy file spells them: text -> a tree of values.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "core/npy/python_literal.h"

namespace npyfs {

// Brackets may nest this deep (Python itself stops at 200), so that recursion over a literal is bounded.
inline constexpr int kMaxLiteralDepth = 100;

// Parses `text` (UTF-8), which must hold one literal and blanks around it. Accepts less than ast.literal_eval does
// (no comments, no line continuation, no \N{...}), and where both accept they agree. On failure a sentence that says
// what stands where; positions count characters from 0. Takes time and memory linear in the text.
std::expected<PythonLiteral, std::string> parse_python_literal(std::string_view text, LiteralDialect dialect);

}  // namespace npyfs
