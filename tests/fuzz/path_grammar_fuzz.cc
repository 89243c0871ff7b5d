// Any text as a path below an array: what is accepted has one listed name that means the same. Text in index/ as
// numpy's basic indexing: what is accepted is a selection of the array.
#include <cstdint>
#include <string>
#include <string_view>

#include "core/slice/array_split.h"
#include "core/slice/index_expression.h"
#include "core/slice/path_grammar.h"
#include "core/slice/runs.h"
#include "tests/fuzz/require.h"
#include "tests/unit/support/parse_path.h"

namespace npyfs {
namespace {

void check_expression(std::string_view text) {
  static const Shape shape = {7, 1, 1000, 0x7fffffffffff};
  static const Geometry whole = contiguous_geometry(128, 8, shape, false);
  const auto selection = select_by_expression(Selection::whole(shape), text);
  if (!selection) return;
  std::string encoded;
  selection->encode(encoded);
  const auto decoded = Selection::decode(encoded, shape);
  require(decoded && decoded->shape() == selection->shape(), "a selection survives its short form");
  const Runs runs(selection->geometry(whole), false);
  require(runs == Runs(decoded->geometry(whole), false), "and means the same bytes");
  if (runs.size() == 0) return;
  const Extent hull = runs.hull(0, runs.size());
  require(hull.offset >= 128 && hull.end() <= 128 + Runs(whole, false).size(), "bytes are bytes of the array");
}

void check_name(const VirtualName& name) {
  const std::string listed = format_path(name);
  const auto again = parse_path(listed);
  require(again.has_value() && *again == name, "a listed name means the same");
  require(format_path(*again) == listed, "a listed name stays as it is");
  require(listed.size() < 256 && listed.find('\0') == std::string::npos,
          "a listed name is one that a directory can hold");
}

void check(std::string_view path) {
  check_expression(path);
  const auto name = parse_path(path);
  if (!name) return;
  if (name->kind == NameKind::kIndexed || name->kind == NameKind::kField) return;  // any text
  check_name(*name);
  if (name->kind == NameKind::kChunk) {
    require(name->first < name->second, "a chunk is one of those that there are");
    for (const std::uint64_t rows : {std::uint64_t{0}, std::uint64_t{1}, name->second, std::uint64_t{1} << 62}) {
      const auto range = array_split(rows, name->first, name->second);
      require(range.start <= range.stop && range.stop <= rows, "a chunk's rows are rows of the array");
    }
  }
  if (name->kind == NameKind::kSlice) {
    require(name->first <= name->second && name->step > 0, "a slice ends behind its start");
  }
}

}  // namespace
}  // namespace npyfs

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  npyfs::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
