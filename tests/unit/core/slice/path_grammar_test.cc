#include "core/slice/path_grammar.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace npyfs {

void PrintTo(const Place& place, std::ostream* out) {
  *out << format_path(place) << " (kind " << int(place.kind) << ", axis " << int(place.axis) << ", zeros "
       << int(place.leading_zeros) << ", " << place.first << ", " << place.second << ")";
}

namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr auto kNpy = Form::kNpy;

struct Accepted {
  std::string path;
  Place place;
};

const std::vector<Accepted> kAccepted = {
    {"", {PlaceKind::kArray}},
    {"source.npy", {PlaceKind::kSource}},
    {"info.json", {PlaceKind::kInfo}},
    {"error.txt", {PlaceKind::kError}},
    {"chunks", {PlaceKind::kChunks}},
    {"slices", {PlaceKind::kSlices}},
    {"chunks/0_of_1.npy", {PlaceKind::kChunk, kNpy, 0, 0, 0, 1}},
    {"chunks/3_of_16.npy", {PlaceKind::kChunk, kNpy, 0, 0, 3, 16}},
    {"chunks/3_of_16.bin", {PlaceKind::kChunk, Form::kBin, 0, 0, 3, 16}},
    {"chunks/003_of_0016.npy", {PlaceKind::kChunk, kNpy, 0, 0, 3, 16}},
    {"chunks/9223372036854775806_of_9223372036854775807.npy", {PlaceKind::kChunk, kNpy, 0, 0, kMost - 1, kMost}},
    {"chunks/00000000000000000000000000000003_of_4.npy", {PlaceKind::kChunk, kNpy, 0, 0, 3, 4}},
    {"chunks/aligned", {PlaceKind::kAligned}},
    {"chunks/aligned/3_of_16.npy", {PlaceKind::kAlignedChunk, kNpy, 0, 0, 3, 16}},
    {"chunks/aligned/03_of_16.bin", {PlaceKind::kAlignedChunk, Form::kBin, 0, 0, 3, 16}},
    {"axis1/chunks/aligned/3_of_16.npy", {PlaceKind::kAlignedChunk, kNpy, 1, 0, 3, 16}},
    {"chunks/16", {PlaceKind::kChunksOf, kNpy, 0, 0, 0, 16}},
    {"chunks/0016", {PlaceKind::kChunksOf, kNpy, 0, 2, 0, 16}},
    {"chunks/9223372036854775807", {PlaceKind::kChunksOf, kNpy, 0, 0, 0, kMost}},
    {"chunks/16/3_of_16.npy", {PlaceKind::kChunk, kNpy, 0, 0, 3, 16}},
    {"chunks/016/3_of_00016.npy", {PlaceKind::kChunk, kNpy, 0, 0, 3, 16}},
    {"slices/0_to_0.npy", {PlaceKind::kSlice, kNpy, 0, 0, 0, 0}},
    {"slices/1000_to_2000.npy", {PlaceKind::kSlice, kNpy, 0, 0, 1000, 2000}},
    {"slices/007_to_7.bin", {PlaceKind::kSlice, Form::kBin, 0, 0, 7, 7}},
    {"slices/0_to_9223372036854775807.npy", {PlaceKind::kSlice, kNpy, 0, 0, 0, kMost}},
    {"axis0", {PlaceKind::kAxis, kNpy, 0}},
    {"axis63", {PlaceKind::kAxis, kNpy, 63}},
    {"axis007", {PlaceKind::kAxis, kNpy, 7, 2}},
    {"axis000", {PlaceKind::kAxis, kNpy, 0, 2}},
    {"axis1/chunks", {PlaceKind::kAxisChunks, kNpy, 1}},
    {"axis1/slices", {PlaceKind::kSlices, kNpy, 1}},
    {"axis1/chunks/3_of_16.npy", {PlaceKind::kChunk, kNpy, 1, 0, 3, 16}},
    {"axis1/chunks/16", {PlaceKind::kChunksOf, kNpy, 1, 0, 0, 16}},
    {"axis1/chunks/16/03_of_16.bin", {PlaceKind::kChunk, Form::kBin, 1, 0, 3, 16}},
    {"axis01/slices/0_to_3.npy", {PlaceKind::kSlice, kNpy, 1, 0, 0, 3}},
    {"axis0/chunks/1_of_2.npy", {PlaceKind::kChunk, kNpy, 0, 0, 1, 2}},
};

const std::vector<std::string> kRefused = {
    // Numbers.
    "chunks/9223372036854775807_of_9223372036854775808.npy",  // 2^63
    "chunks/0_of_18446744073709551615.npy",                   // 2^64 - 1
    "chunks/0_of_18446744073709551616.npy",                   // 2^64
    "chunks/0_of_18446744073709551617.npy",                   // 2^64 + 1, 1 when it wraps around
    "chunks/18446744073709551616_of_4.npy",
    "chunks/0_of_100000000000000000000000000000000000000.npy",
    "chunks/9223372036854775808",
    "chunks/18446744073709551617",
    "slices/0_to_9223372036854775808.npy",
    "slices/18446744073709551616_to_18446744073709551617.npy",
    "axis64",
    "axis065",
    "axis256",
    "axis257",
    "axis18446744073709551617",
    "chunks/_of_4.npy",
    "chunks/3_of_.npy",
    "slices/_to_.npy",
    "slices/1_to_.npy",
    "axis",
    "chunks/.npy",
    "chunks/-1_of_4.npy",
    "chunks/+1_of_4.npy",
    "chunks/1_of_+4.npy",
    "chunks/1_of_-4.npy",
    "slices/-0_to_4.npy",
    "chunks/+16",
    "chunks/-16",
    "axis+1",
    "axis-0",
    "chunks/ 1_of_4.npy",
    "chunks/1 _of_4.npy",
    "chunks/1_of_ 4.npy",
    "chunks/1_of_4 .npy",
    "chunks/1_of_4.npy ",
    "chunks/ 16",
    "chunks/16 ",
    "axis 1",
    "axis1 ",
    "chunks/1.0_of_4.npy",
    "chunks/1e0_of_4.npy",
    "chunks/0x1_of_4.npy",
    "chunks/1_000_of_2_000.npy",
    "chunks/0x10",
    "chunks/\xEF\xBC\x91_of_4.npy",     // U+FF11, a wide 1
    "chunks/\xD9\xA1_of_\xD9\xA4.npy",  // Arabic-Indic digits
    "chunks/\xC2\xB2_of_4.npy",         // superscript two
    "axis\xEF\xBC\x91",
    // What the numbers say.
    "chunks/4_of_4.npy",
    "chunks/5_of_4.npy",
    "chunks/0_of_0.npy",
    "chunks/3_of_0.npy",
    "chunks/0",
    "chunks/00",
    "slices/5_to_4.npy",
    "chunks/16/3_of_8.npy",
    "chunks/16/16_of_16.npy",
    "axis1/chunks/16/3_of_15.npy",
    // Words.
    "chunks/3_OF_16.npy",
    "chunks/3-of-16.npy",
    "chunks/3of16.npy",
    "chunks/3_of16.npy",
    "chunks/3__of_16.npy",
    "chunks/3_of_16",
    "chunks/3_of_16.",
    "chunks/3_of_16.NPY",
    "chunks/3_of_16.npz",
    "chunks/3_of_16.npy.bin",
    "chunks/3_of_16.npyx",
    "chunks/3_of_16bin",
    "chunks/x3_of_16.npy",
    "chunks/3_to_16.npy",
    "slices/3_of_16.npy",
    "slices/3_to_16",
    "slices/16",
    "Chunks",
    "chunk",
    "chunksx",
    "slice",
    "axes1",
    "Axis1",
    "1",
    "source.bin",
    "source",
    "info",
    "info.JSON",
    "error",
    "3_of_16.npy",
    "1_to_2.npy",
    ".",
    "..",
    "x",
    // Nesting.
    "chunks/chunks",
    "chunks/16/16",
    "chunks/16/chunks",
    "chunks/source.npy",
    "chunks/.",
    "chunks/..",
    "slices/slices",
    "axis1/axis1",
    "axis1/source.npy",
    "axis1/info.json",
    "axis1/3_of_16.npy",
    "axis1/16",
    "axis1/chunks/info.json",
    "source.npy/x",
    "info.json/x",
    "chunks/3_of_16.npy/x",
    "slices/1_to_2.npy/x",
    "/chunks",
    "chunks//3_of_16.npy",
    "axis1//chunks",
};

TEST(PathGrammar, Accepts) {
  for (const auto& [path, place] : kAccepted) {
    const auto parsed = parse_place(path);
    ASSERT_TRUE(parsed) << path;
    EXPECT_EQ(*parsed, place) << path;
  }
}

TEST(PathGrammar, Refuses) {
  for (const auto& path : kRefused) EXPECT_FALSE(parse_place(path)) << path;
}

TEST(PathGrammar, RefusesBytesThatAreNoText) {
  using namespace std::string_literals;
  for (const std::string& name : {"chunks\0"s, "\0"s, "axis1\0"s, "source.npy\0"s, "\xFF"s, "axis1\n"s}) {
    EXPECT_FALSE(place_in(Place{}, name)) << testing::PrintToString(name);
  }
  const Place chunks{PlaceKind::kChunks};
  for (const std::string& name :
       {"3_of_16.npy\0"s, "3\0_of_16.npy"s, "16\0"s, "3_of_16.npy/"s, "3_of_16.npy\n"s, ""s}) {
    EXPECT_FALSE(place_in(chunks, name)) << testing::PrintToString(name);
  }
  EXPECT_FALSE(place_in(chunks, std::string(300, '0') + "1")) << "more zeros than a file name can have";
}

TEST(PathGrammar, AnAxisHasTheArraysPlacesExceptOfAxis0) {
  EXPECT_EQ(parse_place("axis0/chunks/3_of_16.npy"), parse_place("chunks/3_of_16.npy"));
  EXPECT_EQ(parse_place("axis0/slices"), parse_place("slices"));
  EXPECT_NE(parse_place("axis0/chunks"), parse_place("chunks")) << "the one lists nothing, the other does";
  EXPECT_NE(parse_place("axis1/chunks/3_of_16.npy"), parse_place("chunks/3_of_16.npy"));
}

std::vector<Place> places_of_every_kind() {
  std::vector<Place> places;
  for (const auto& accepted : kAccepted) {
    Place place = accepted.place;
    place.leading_zeros = 0;
    places.push_back(place);
  }
  for (const std::uint8_t axis : std::vector<std::uint8_t>{0, 1, 9, 10, 63}) {
    for (const Form form : {Form::kNpy, Form::kBin}) {
      for (const std::uint64_t sections : {1ull, 2ull, 9ull, 10ull, 11ull, 100ull, 101ull, 1'000'000ull}) {
        for (const std::uint64_t index : {std::uint64_t{0}, sections / 2, sections - 1}) {
          places.push_back({PlaceKind::kChunk, form, axis, 0, index, sections});
          places.push_back({PlaceKind::kSlice, form, axis, 0, index, sections});
        }
      }
    }
  }
  return places;
}

TEST(PathGrammar, ParsesWhatItFormats) {
  for (const Place& place : places_of_every_kind()) EXPECT_EQ(parse_place(format_path(place)), place);
}

TEST(PathGrammar, FormatsTheLastComponentAsTheName) {
  for (const Place& place : places_of_every_kind()) {
    const std::string path = format_path(place);
    EXPECT_EQ(path.substr(path.rfind('/') + 1), format_name(place));
    if (place.kind == PlaceKind::kChunk) {
      EXPECT_EQ(place_in({PlaceKind::kChunks, kNpy, place.axis}, format_name(place)), place);
      EXPECT_EQ(place_in({PlaceKind::kChunksOf, kNpy, place.axis, 0, 0, place.second}, format_name(place)), place);
    }
  }
}

TEST(PathGrammar, PadsChunksSoThatSortedNamesAreInRowOrder) {
  EXPECT_EQ(format_name({PlaceKind::kChunk, kNpy, 0, 0, 3, 16}), "03_of_16.npy");
  EXPECT_EQ(format_name({PlaceKind::kChunk, kNpy, 0, 0, 3, 10}), "3_of_10.npy");
  EXPECT_EQ(format_name({PlaceKind::kChunk, Form::kBin, 0, 0, 3, 11}), "03_of_11.bin");
  for (const std::uint64_t sections : {1u, 2u, 9u, 10u, 11u, 99u, 100u, 101u, 1234u}) {
    std::string previous;
    for (std::uint64_t index = 0; index < sections; ++index) {
      const std::string name = format_name({PlaceKind::kChunk, kNpy, 0, 0, index, sections});
      EXPECT_LT(previous, name);
      previous = name;
    }
  }
}

TEST(PathGrammar, TellsDirectoriesAndViewsFromOtherPlaces) {
  for (const auto& [path, place] : kAccepted) {
    const bool has_extension = path.find('.') != std::string::npos;
    EXPECT_EQ(is_directory(place), !has_extension) << path;
    const bool is_slice = path.find("_of_") != std::string::npos || path.find("_to_") != std::string::npos;
    EXPECT_EQ(is_view(place), is_slice) << path;
  }
}

TEST(PathGrammar, DescribesViewsInSentences) {
  EXPECT_EQ(describe(*parse_place("chunks/03_of_16.bin")), "chunk 3 of 16, without header");
  EXPECT_EQ(describe(*parse_place("axis1/chunks/3_of_16.npy")), "chunk 3 of 16 of axis 1");
  EXPECT_EQ(describe(*parse_place("axis1/chunks/aligned/3_of_16.npy")), "aligned chunk 3 of 16 of axis 1");
  EXPECT_EQ(describe(*parse_place("slices/0_to_5.npy")), "rows 0 to 5");
  EXPECT_EQ(describe(*parse_place("axis2/slices/0_to_5.npy")), "rows 0 to 5 of axis 2");
  EXPECT_EQ(describe(*parse_place("source.npy")), "source.npy");
}

}  // namespace
}  // namespace npyfs
