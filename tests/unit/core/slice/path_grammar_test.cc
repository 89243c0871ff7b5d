#include "core/slice/path_grammar.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/support/parse_path.h"

namespace npyfs {

void PrintTo(const VirtualName& name, std::ostream* out) {
  *out << format_path(name) << " (kind " << int(name.kind) << ", form " << int(name.form) << ", axis " << int(name.axis)
       << ", " << name.first << ", " << name.second << ", " << name.step << ")";
}

namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();

#include "tests/unit/core/slice/path_grammar_table.inc"

TEST(PathGrammar, Accepts) {
  for (const auto& [path, name] : kAccepted) {
    const auto parsed = parse_path(path);
    ASSERT_TRUE(parsed) << path;
    EXPECT_EQ(*parsed, name) << path;
  }
}

TEST(PathGrammar, Refuses) {
  for (const auto& path : kRefused) EXPECT_FALSE(parse_path(path)) << path;
}

TEST(PathGrammar, RefusesBytesThatAreNoText) {
  using namespace std::string_literals;
  for (const std::string& name : {"chunks\0"s, "\0"s, "axis1\0"s, "source.npy\0"s, "\xFF"s, "axis1\n"s}) {
    EXPECT_FALSE(parse_name(VirtualName{}, name)) << testing::PrintToString(name);
  }
  const VirtualName chunks{.kind = NameKind::kChunks};
  for (const std::string& name :
       {"3_of_16.npy\0"s, "3\0_of_16.npy"s, "16\0"s, "3_of_16.npy/"s, "3_of_16.npy\n"s, ""s}) {
    EXPECT_FALSE(parse_name(chunks, name)) << testing::PrintToString(name);
  }
  EXPECT_TRUE(parse_name(chunks, std::string(300, '0') + "1")) << "leading zeros, however many";
}

TEST(PathGrammar, AnAxisHasTheArraysNamesExceptOfAxis0) {
  EXPECT_EQ(parse_path("axis0/chunks/3_of_16.npy"), parse_path("chunks/3_of_16.npy"));
  EXPECT_EQ(parse_path("axis0/slices"), parse_path("slices"));
  EXPECT_NE(parse_path("axis0/chunks"), parse_path("chunks")) << "the one lists nothing, the other does";
  EXPECT_NE(parse_path("axis1/chunks/3_of_16.npy"), parse_path("chunks/3_of_16.npy"));
}

std::vector<VirtualName> names_of_every_kind() {
  std::vector<VirtualName> names;
  for (const auto& accepted : kAccepted) {
    if (accepted.name.kind != NameKind::kIndexed && accepted.name.kind != NameKind::kField)
      names.push_back(accepted.name);
  }
  for (const std::uint8_t axis : std::vector<std::uint8_t>{0, 1, 9, 10, 63}) {
    for (const Form form : {Form::kNpy, Form::kBin}) {
      for (const std::uint64_t sections : {1ull, 2ull, 9ull, 10ull, 11ull, 100ull, 101ull, 1'000'000ull}) {
        for (const std::uint64_t index : {std::uint64_t{0}, sections / 2, sections - 1}) {
          names.push_back({.kind = NameKind::kChunk, .form = form, .axis = axis, .first = index, .second = sections});
          names.push_back({.kind = NameKind::kSlice, .form = form, .axis = axis, .first = index, .second = sections});
        }
      }
    }
  }
  return names;
}

TEST(PathGrammar, ParsesWhatItFormats) {
  for (const VirtualName& name : names_of_every_kind()) EXPECT_EQ(parse_path(format_path(name)), name);
}

TEST(PathGrammar, FormatsTheLastComponentAsTheName) {
  for (const VirtualName& name : names_of_every_kind()) {
    const std::string path = format_path(name);
    const std::string last = format_name(name);
    EXPECT_EQ(path.substr(path.rfind('/') + 1), last);
    if (name.kind == NameKind::kChunk) {
      EXPECT_EQ(parse_name({.kind = NameKind::kChunks, .axis = name.axis}, last)->name, name);
      EXPECT_EQ(parse_name({.kind = NameKind::kChunksOf, .axis = name.axis, .second = name.second}, last)->name, name);
    }
  }
}

TEST(PathGrammar, KeepsTheTextOfIndicesAndFieldsAsItIsWritten) {
  struct Case {
    NameKind directory;
    std::string name;
    NameKind kind;
    Form form;
    std::string text;
  };
  const std::vector<Case> cases = {
      {NameKind::kIndex, "-5:,::2.npy", NameKind::kIndexed, Form::kNpy, "-5:,::2"},
      {NameKind::kIndex, "....bin", NameKind::kIndexed, Form::kBin, "..."},
      {NameKind::kIndex, "no index", NameKind::kIndexed, Form::kArray, "no index"},
      {NameKind::kFields, "a%2Fb.npy", NameKind::kField, Form::kNpy, "a%2Fb"},
      {NameKind::kFields, "x%2Enpy", NameKind::kField, Form::kArray, "x%2Enpy"},
      {NameKind::kFields, "x.npy.bin", NameKind::kField, Form::kBin, "x.npy"},
      {NameKind::kFields, "%", NameKind::kField, Form::kArray, "%"},
  };
  for (const auto& [directory, name, kind, form, text] : cases) {
    const auto parsed = parse_name({.kind = directory}, name);
    ASSERT_TRUE(parsed) << name;
    EXPECT_EQ(parsed->name, (VirtualName{.kind = kind, .form = form})) << name;
    EXPECT_EQ(parsed->text, text);
  }
  EXPECT_EQ(parse_name({.kind = NameKind::kItems}, "7.npy")->text, "");
}

TEST(PathGrammar, PadsChunksSoThatSortedNamesAreInRowOrder) {
  EXPECT_EQ(format_name({.kind = NameKind::kChunk, .first = 3, .second = 16}), "03_of_16.npy");
  EXPECT_EQ(format_name({.kind = NameKind::kChunk, .first = 3, .second = 10}), "3_of_10.npy");
  EXPECT_EQ(format_name({.kind = NameKind::kChunk, .form = Form::kBin, .first = 3, .second = 11}), "03_of_11.bin");
  for (const std::uint64_t sections : {1u, 2u, 9u, 10u, 11u, 99u, 100u, 101u, 1234u}) {
    std::string previous;
    for (std::uint64_t index = 0; index < sections; ++index) {
      const std::string name = format_name({.kind = NameKind::kChunk, .first = index, .second = sections});
      EXPECT_LT(previous, name);
      previous = name;
    }
  }
}

TEST(PathGrammar, PadsBatchesAndItemsToTheWidthOfTheLargestOne) {
  const VirtualName item{.kind = NameKind::kItem, .first = 7};
  EXPECT_EQ(format_name(item, 8), "7.npy");
  EXPECT_EQ(format_name(item, 10), "7.npy");
  EXPECT_EQ(format_name(item, 11), "07.npy");
  EXPECT_EQ(format_name(item, 1001), "0007.npy");
  EXPECT_EQ(format_name(item), "7.npy") << "of no listing";
  EXPECT_EQ(format_name({.kind = NameKind::kBatch, .form = Form::kBin, .first = 7, .second = 256}, 101), "007.bin");
  EXPECT_EQ(format_name({.kind = NameKind::kItem, .form = Form::kArray, .first = 7}, 11), "07");
}

TEST(PathGrammar, TellsDirectoriesAndViewsFromOtherNames) {
  for (const auto& [path, name] : kAccepted) {
    const bool is_npy_or_bin = path.ends_with(".npy") || path.ends_with(".bin");
    const bool is_other_file = path == "source.npy" || path.ends_with(".json") || path.ends_with(".txt");
    EXPECT_EQ(is_directory(name), !is_npy_or_bin && !is_other_file) << path;
    EXPECT_EQ(is_view(name), is_npy_or_bin && !is_other_file) << path;
    EXPECT_TRUE(!is_view(name) || is_view_name(name.kind)) << path;
  }
}

TEST(PathGrammar, DescribesViewsInSentences) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"chunks/03_of_16.bin", "chunk 3 of 16, without header"},
      {"axis1/chunks/3_of_16.npy", "chunk 3 of 16 of axis 1"},
      {"axis1/chunks/aligned/3_of_16.npy", "aligned chunk 3 of 16 of axis 1"},
      {"slices/0_to_5.npy", "rows 0 to 5"},
      {"axis2/slices/0_to_5.npy", "rows 0 to 5 of axis 2"},
      {"slices/0_to_9_by_2.npy", "rows 0 to 9 by 2"},
      {"axis1/slices/0_to_9_by_2.bin", "rows 0 to 9 by 2 of axis 1, without header"},
      {"batches/256/03.npy", "batch 3 of 256 rows"},
      {"axis1/batches/256/3.npy", "batch 3 of 256 rows of axis 1"},
      {"items/007.npy", "item 7"},
      {"axis1/items/7.bin", "item 7 of axis 1, without header"},
      {"source.npy", "source.npy"},
  };
  for (const auto& [path, sentence] : cases) EXPECT_EQ(describe(*parse_path(path)), sentence) << path;
}

}  // namespace
}  // namespace npyfs
