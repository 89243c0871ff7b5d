// Any literal as a descr, and any text as a type string: what is accepted has one canonical form, which says the same.
#include <cstdint>
#include <string>
#include <string_view>

#include "core/npy/dtype_parser.h"
#include "core/npy/python_parser.h"
#include "core/npy/type_string.h"
#include "tests/fuzz/require.h"

namespace npyfs {
namespace {

void check_type_string(std::string_view text) {
  const auto type = parse_type_string(text);
  if (!type) return require_sentence(type.error());
  require(type->itemsize <= kMaxItemsize, "the size of an item is bounded");
  const auto again = parse_type_string(type->canonical);
  require(again && again->canonical == type->canonical, "a canonical form stays as it is");
  require(again->itemsize == type->itemsize && again->kind == type->kind, "size and kind stay");
}

void check_descr(std::string_view text) {
  const auto literal = parse_python_literal(text, LiteralDialect::kPython2);
  if (!literal) return;
  const auto dtype = parse_dtype(*literal);
  if (!dtype) return require_sentence(dtype.error());
  require(dtype->itemsize <= kMaxItemsize, "the size of an item is bounded");
  const auto canonical = parse_python_literal(dtype->descr(), LiteralDialect::kPython3);
  require(canonical.has_value(), "a canonical form is a literal");
  const auto again = parse_dtype(*canonical);
  require(again && again->descr() == dtype->descr(), "a canonical form stays as it is");
  require(again->itemsize == dtype->itemsize && again->holds_objects == dtype->holds_objects, "size and objects stay");
}

}  // namespace
}  // namespace npyfs

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return 0;  // python_literal_fuzz is for these
  }
  npyfs::check_type_string(text);
  npyfs::check_descr(text);
  return 0;
}
