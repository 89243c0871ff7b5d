#include "core/array/info_json.h"

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/sliced_array.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

class InfoJson : public testing::Test {
 protected:
  std::shared_ptr<const NpyFile> open(const std::string& bytes) const {
    directory_.write("a.npy", bytes);
    return NpyFile::open(root_, "a.npy", SourceIo::kPread, nullptr, WrittenHere::kNo).value();
  }
  std::string info_of(const std::string& bytes, const std::string& absolute_path) const {
    const auto file = open(bytes);
    if (!file->array()) return info_json(*file, absolute_path);
    const Array& array = **file->array();
    return info_json(*file, absolute_path, array, Selection::whole(array.shape), false);
  }
  nlohmann::json info_of_view(const TestArray& array, const char* expression) const {
    const auto file = open(npy_bytes(array));
    const Array& opened = **file->array();
    return nlohmann::json::parse(info_json(*file, "/data/a.npy", opened, indexed(opened, expression), true));
  }

  const TempDirectory directory_;
  const SourceRoot root_ = *SourceRoot::open(directory_.path(), Symlinks::kWithinRoot, Users::kOwner);
};

TEST_F(InfoJson, SaysWhatIsKnown) {
  const std::string text = info_of(npy_bytes({"'>i2'", 2, true, {3, 5}}) + "more", "/data/a.npy");
  EXPECT_EQ(text.back(), '\n');
  EXPECT_EQ(nlohmann::json::parse(text), (nlohmann::json{{"source", "/data/a.npy"},
                                                         {"shape", {3, 5}},
                                                         {"descr", ">i2"},
                                                         {"fortran_order", true},
                                                         {"itemsize", 2},
                                                         {"data_offset", 128},
                                                         {"data_size", 30},
                                                         {"file_size", 162},
                                                         {"sliceable", true},
                                                         {"zarr", {{"chunk", {3, 5}}, {"versions", {2, 3}}}},
                                                         {"nrrd_type", "int16"},
                                                         {"most_aligned_chunks", {1, 1}},
                                                         {"index", "a"},
                                                         {"strides", {2, 6}}}));
}

TEST_F(InfoJson, OfAnArrayWithoutSlices) {
  const auto info = nlohmann::json::parse(info_of(npy_bytes({.shape = {}}), "/data/a.npy"));
  EXPECT_EQ(info["shape"], nlohmann::json::array());
  EXPECT_EQ(info["sliceable"], false);
  EXPECT_FALSE(info.contains("index")) << "it has no views";
}

TEST_F(InfoJson, OfAViewSaysWhereItIsInTheSource) {
  EXPECT_EQ(info_of_view({"'<i4'", 4, false, {10, 6}}, "8:1:-3,2"),
            (nlohmann::json{{"source", "/data/a.npy"},
                            {"shape", {3}},
                            {"descr", "<i4"},
                            {"fortran_order", false},
                            {"itemsize", 4},
                            {"data_size", 12},
                            {"sliceable", true},
                            {"zarr", {{"chunk", {3}}, {"versions", {2, 3}}}},
                            {"nrrd_type", "int32"},
                            {"most_aligned_chunks", {1}},
                            {"index", "a[8::-3, 2]"},
                            {"strides", {-72}}}));
}

TEST_F(InfoJson, OfAViewOfOneItemHasNoAxes) {
  const auto info = info_of_view({"'<i4'", 4, true, {10, 6}}, "3,4");
  for (const char* list : {"shape", "most_aligned_chunks", "strides"}) {
    EXPECT_EQ(info[list], nlohmann::json::array()) << list;
  }
  EXPECT_EQ(info["data_size"], 4);
}

TEST_F(InfoJson, CountsTheAlignedChunksOfTheView) {
  EXPECT_EQ(info_of_view({"'<f8'", 8, false, {2000}}, ":1000")["most_aligned_chunks"], nlohmann::json({2}));
  EXPECT_EQ(info_of_view({"'<f8'", 8, false, {2000}}, "::2")["most_aligned_chunks"], nlohmann::json({1}));
}

TEST_F(InfoJson, IsValidWhateverTheNamesHold) {
  const std::string descr = "[('a\"\\\\b', '<i4'), ('\xE9', '|S4')]";  // latin1
  const auto text = info_of(npy_bytes({descr, 8, false, {2}}), "/data/\xFF\n\"x\".npy");
  const auto info = nlohmann::json::parse(text);
  EXPECT_EQ(info["source"], "/data/\xEF\xBF\xBD\n\"x\".npy");
  EXPECT_EQ(info["descr"], "[('a\"\\\\b', '<i4'), ('\xC3\xA9', '|S4')]");
}

TEST(DescrText, HasNoQuotesAroundAType) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"'<f8'", "<f8"}, {"'<M8[ns]'", "<M8[ns]"}, {"[('a', '<i4')]", "[('a', '<i4')]"}, {"[]", "[]"}};
  for (const auto& [descr, text] : cases) {
    EXPECT_EQ(descr_text(descr), text);
  }
}

}  // namespace
}  // namespace npyfs
