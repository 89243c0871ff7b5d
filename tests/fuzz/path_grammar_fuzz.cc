// Any text as a path below an array: what is accepted has one listed name that means the same place.
#include <cstdint>
#include <string>
#include <string_view>

#include "core/slice/array_split.h"
#include "core/slice/path_grammar.h"
#include "tests/fuzz/require.h"

namespace npyfs {
namespace {

// Leading zeros of a directory are the one thing that a listed name does not keep.
Place as_listed(Place place) {
  place.leading_zeros = 0;
  return place;
}

void check(std::string_view path) {
  const auto place = parse_place(path);
  if (!place) return;
  const std::string listed = format_path(*place);
  const auto again = parse_place(listed);
  require(again.has_value() && *again == as_listed(*place), "a listed name means the same place");
  require(format_path(*again) == listed, "a listed name stays as it is");
  require(listed.size() < 256 && listed.find('\0') == std::string::npos,
          "a listed name is one that a directory can hold");
  if (place->kind == PlaceKind::kChunk) {
    require(place->first < place->second, "a chunk is one of those that there are");
    for (const std::uint64_t rows : {std::uint64_t{0}, std::uint64_t{1}, place->second, std::uint64_t{1} << 62}) {
      const auto range = array_split(rows, place->first, place->second);
      require(range.start <= range.stop && range.stop <= rows, "a chunk's rows are rows of the array");
    }
  }
  if (place->kind == PlaceKind::kSlice) require(place->first <= place->second, "a slice ends behind its start");
}

}  // namespace
}  // namespace npyfs

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  npyfs::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
