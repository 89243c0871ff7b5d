// Any text as a Python literal: what is accepted means the same when its own spelling is read again.
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/utf8.h"
#include "core/npy/python_parser.h"
#include "core/npy/python_repr.h"
#include "tests/fuzz/require.h"

namespace npyfs {
namespace {

// As the versions of the format do it: UTF-8 where it is that, else latin1.
std::string decoded(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto length = static_cast<std::size_t>(utf8_sequence_length(bytes.substr(at)));
    if (length == 0) {
      std::string text;
      for (const char c : bytes) append_utf8(text, static_cast<unsigned char>(c));
      return text;
    }
    at += length;
  }
  return std::string(bytes);
}

void require_same(const PythonLiteral& a, const PythonLiteral& b) {
  require(a.kind == b.kind && a.truth == b.truth && a.negative == b.negative, "kind and sign stay");
  require(a.magnitude == b.magnitude && a.text == b.text, "values stay");
  require(a.items.size() == b.items.size(), "the number of items stays");
  for (std::size_t i = 0; i < a.items.size(); ++i) require_same(a.items[i], b.items[i]);
}

void require_within(const PythonLiteral& literal, std::string_view text) {
  const char* const begin = literal.source.data();
  require(!literal.source.empty() && begin >= text.data() && begin + literal.source.size() <= text.data() + text.size(),
          "a spelling is a part of the text");
  require(literal.kind != PythonLiteral::Kind::kDict || literal.items.size() % 2 == 0, "a dict is made of pairs");
  for (const PythonLiteral& item : literal.items) require_within(item, literal.source);
}

void check(std::string_view text) {
  const auto of_python3 = parse_python_literal(text, LiteralDialect::kPython3);
  const auto of_python2 = parse_python_literal(text, LiteralDialect::kPython2);
  if (!of_python2) {
    require_sentence(of_python2.error());
    require(!of_python3, "what version 3.0 may hold, the others may, too");
  }
  if (!of_python3) require_sentence(of_python3.error());
  if (of_python3 && of_python2) require_same(*of_python3, *of_python2);
  if (!of_python2) return;
  require_within(*of_python2, text);
  require_sentence(description(*of_python2));
  const auto again = parse_python_literal(of_python2->source, LiteralDialect::kPython2);
  require(again.has_value(), "a spelling is a literal itself");
  require_same(*of_python2, *again);
  if (of_python2->kind != PythonLiteral::Kind::kStr) return;
  const std::string repr = python_repr(of_python2->text);
  const auto of_repr = parse_python_literal(repr, LiteralDialect::kPython3);
  require(of_repr && of_repr->text == of_python2->text, "the repr of a str is that str");
}

}  // namespace
}  // namespace npyfs

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  npyfs::check(npyfs::decoded({reinterpret_cast<const char*>(data), size}));
  return 0;
}
