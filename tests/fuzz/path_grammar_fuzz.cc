// Any text as a path below an array: what is accepted has one listed name that means the same place.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/array_split.h"
#include "core/path_grammar.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// Leading zeros of a directory are the one thing that a listed name does not keep.
npyfs::Place as_listed(npyfs::Place place) {
  place.leading_zeros = 0;
  return place;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string path(data, data + size);
  const auto place = npyfs::parse_place(path);
  if (!place) return 0;
  const std::string listed = npyfs::format_path(*place);
  const auto again = npyfs::parse_place(listed);
  require(again.has_value() && *again == as_listed(*place));
  require(npyfs::format_path(*again) == listed);
  require(listed.size() < 256 && listed.find('\0') == std::string::npos);
  if (place->kind == npyfs::PlaceKind::kChunk) {
    require(place->first < place->second);
    for (const std::uint64_t rows : {std::uint64_t{0}, std::uint64_t{1}, place->second, std::uint64_t{1} << 62}) {
      const auto range = npyfs::array_split(rows, place->first, place->second);
      require(range.start <= range.stop && range.stop <= rows);
    }
  }
  if (place->kind == npyfs::PlaceKind::kSlice) require(place->first <= place->second);
  return 0;
}
