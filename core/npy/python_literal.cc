#include "core/npy/python_literal.h"

#include <fmt/format.h>

#include <utility>

#include "core/base/escape.h"
#include "core/base/utf8.h"

namespace npyfs {
namespace {

using Kind = PythonLiteral::Kind;

std::string_view with_article(Kind kind) {
  switch (kind) {
    case Kind::kNone:
      return "None";
    case Kind::kBool:
      return "a bool";
    case Kind::kInt:
      return "an int";
    case Kind::kFloat:
      return "a float";
    case Kind::kComplex:
      return "a complex number";
    case Kind::kStr:
      return "a str";
    case Kind::kBytes:
      return "bytes";
    case Kind::kTuple:
      return "a tuple";
    case Kind::kList:
      return "a list";
    case Kind::kSet:
      return "a set";
    case Kind::kDict:
      return "a dict";
  }
  std::unreachable();
}

}  // namespace

std::string description(const PythonLiteral& literal) {
  if (literal.kind == Kind::kNone) return "None";
  return fmt::format("{} ({})", with_article(literal.kind), excerpt(literal.source));
}

std::string shortened(std::string_view text) {
  static constexpr std::size_t kMaxBytes = 120;
  if (text.size() <= kMaxBytes) return std::string(text);
  return fmt::format("{}...", utf8_front(text, kMaxBytes));
}

std::string excerpt(std::string_view source) {
  return escaped(shortened(source));
}

}  // namespace npyfs
