#include "core/array/info_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

std::string info_of(const std::string& bytes, const std::string& absolute_path) {
  const TempDirectory directory;
  directory.write("a.npy", bytes);
  const auto root = SourceRoot::open(directory.path(), LeavingLinks::kAreLinks, Users::kOwner);
  const auto mappings = std::make_shared<MappingCache>(1 << 20, 1);
  const auto file = SourceFile::open(*root, "a.npy", SourceRole::kArray, SourceIo::kPread, mappings);
  return info_json(**file, absolute_path);
}

TEST(InfoJson, SaysWhatIsKnown) {
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
                                                         {"most_aligned_chunks", {1, 1}}}));
}

TEST(InfoJson, OfAnArrayWithoutSlices) {
  const auto info = nlohmann::json::parse(info_of(npy_bytes({.shape = {}}), "/data/a.npy"));
  EXPECT_EQ(info["shape"], nlohmann::json::array());
  EXPECT_EQ(info["sliceable"], false);
}

TEST(InfoJson, IsValidWhateverTheNamesHold) {
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
    NpyHeader header;
    header.descr = descr;
    EXPECT_EQ(descr_text(header), text);
  }
}

}  // namespace
}  // namespace npyfs
