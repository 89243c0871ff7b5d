#include "fs/commands/check_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace npyfs {
namespace {

using testing::HasSubstr;
using testing::Not;

CheckedArray good(const std::string& path, const std::string& descr = "'<f4'") {
  CheckedArray array;
  array.path = path;
  array.file_size = 128 + 4000;
  array.header = NpyHeader{descr, 4, true, {500, 2}, 128, false};
  return array;
}

CheckedArray bad(const std::string& path, ErrorKind kind, const std::string& why) {
  CheckedArray array;
  array.path = path;
  array.problem = Error{kind, path, why};
  return array;
}

CheckReport sample() {
  return {"/data",
          {good("a.npy"), bad("sub/b.npy", ErrorKind::kMalformed, "is empty"),
           bad("c.npy", ErrorKind::kNotSliceable, "has no dimensions")},
          {{"gone.npy", "leads nowhere (to a)", true}, {"out", "leaves SOURCE", false}},
          {Error{ErrorKind::kSystem, "closed", "open failed: Permission denied"}}};
}

TEST(CheckReport, Counts) {
  EXPECT_EQ(check_summary(sample()), "arrays: 3, sliceable: 1, damaged: 1, unreadable: 1, links not followed: 2\n");
  EXPECT_FALSE(sample().is_fine());
  CheckReport report{"/data", {good("a.npy"), bad("c.npy", ErrorKind::kNotSliceable, "0-d")}, {}, {}};
  EXPECT_EQ(check_summary(report), "arrays: 2, sliceable: 1, damaged: 0\n");
  EXPECT_TRUE(report.is_fine());
  report.links.push_back({"out.npy", "leaves SOURCE", false});
  EXPECT_TRUE(report.is_fine());
  for (const auto& spoil : std::vector<std::function<void(CheckReport&)>>{
           [](CheckReport& r) { r.unreadable.push_back({ErrorKind::kSystem, "", "x"}); },
           [](CheckReport& r) { r.arrays.push_back(bad("x.npy", ErrorKind::kSystem, "open failed")); },
           [](CheckReport& r) { r.links.push_back({"gone.npy", "leads nowhere", true}); }}) {
    CheckReport spoilt = report;
    spoil(spoilt);
    EXPECT_FALSE(spoilt.is_fine());
    EXPECT_EQ(spoilt.count_damaged(), 0u);
  }
}

TEST(CheckReport, TableForATerminal) {
  EXPECT_EQ(check_table(sample()),
            "array      shape     dtype  order     size  zarr chunk  sliceable\n"
            "a.npy      (500, 2)  <f4    F      4.0 KiB  500x2       yes\n"
            "sub/b.npy  -         -      -          0 B  -           DAMAGED: is empty\n"
            "c.npy      -         -      -          0 B  -           no: has no dimensions\n"
            "gone.npy   -         -      -            -  -           BROKEN LINK: leads nowhere (to a)\n"
            "out        -         -      -            -  -           link: leaves SOURCE\n"
            "closed     -         -      -            -  -           UNREADABLE: open failed: Permission denied\n");
}

TEST(CheckReport, LinesForAPipe) {
  EXPECT_EQ(check_lines(sample()),
            "a.npy\t(500, 2)\t<f4\tF\t4128\tyes\t500x2\n"
            "sub/b.npy\t-\t-\t-\t0\tDAMAGED: is empty\t-\n"
            "c.npy\t-\t-\t-\t0\tno: has no dimensions\t-\n"
            "gone.npy\t-\t-\t-\t-\tBROKEN LINK: leads nowhere (to a)\t-\n"
            "out\t-\t-\t-\t-\tlink: leaves SOURCE\t-\n"
            "closed\t-\t-\t-\t-\tUNREADABLE: open failed: Permission denied\t-\n");
}

TEST(CheckReport, NamesCannotForgeALineOrAColumn) {
  const CheckReport report{"/data", {good("x\ny\tz\x1B[31m\xFF.npy")}, {}, {}};
  EXPECT_THAT(check_lines(report), HasSubstr("x\\ny\\tz\\x1b[31m\\xff.npy\t(500, 2)"));
  EXPECT_THAT(check_table(report), HasSubstr("x\\ny\\tz\\x1b[31m\\xff.npy  (500, 2)"));
}

TEST(CheckReport, ColumnsLineUpBeyondAscii) {
  const std::string table = check_table({"/data", {good("größe.npy"), good("a.npy")}, {}, {}});
  EXPECT_THAT(table, HasSubstr("größe.npy  (500"));
  EXPECT_THAT(table, HasSubstr("a.npy      (500"));
}

TEST(CheckReport, LongDtypesAreCutForATerminalOnly) {
  std::string descr = "[";
  for (int i = 0; i < 100; ++i) descr += "('größe', '<f4'), ";
  const CheckReport report{"/data", {good("a.npy", descr)}, {}, {}};
  EXPECT_THAT(check_table(report), HasSubstr("[('größe', '<f4'), ('größe', '<f4'), ...  F"));
  EXPECT_THAT(check_table(report), Not(HasSubstr(descr)));
  EXPECT_THAT(check_lines(report), HasSubstr(descr));
}

TEST(CheckReport, JsonForPrograms) {
  const auto json = nlohmann::json::parse(check_json(sample()));
  EXPECT_EQ(json["source"], "/data");
  EXPECT_EQ(json["sliceable"], 1);
  EXPECT_EQ(json["damaged"], 1);
  ASSERT_EQ(json["arrays"].size(), 3u);
  const auto& first = json["arrays"][0];
  EXPECT_EQ(first["path"], "a.npy");
  EXPECT_EQ(first["shape"], (std::vector{500, 2}));
  EXPECT_EQ(first["descr"], "<f4");
  EXPECT_EQ(first["fortran_order"], true);
  EXPECT_EQ(first["itemsize"], 4);
  EXPECT_EQ(first["data_offset"], 128);
  EXPECT_EQ(first["file_size"], 4128);
  EXPECT_EQ(first["sliceable"], true);
  EXPECT_TRUE(first["reason"].is_null());
  EXPECT_TRUE(json["arrays"][1]["shape"].is_null());
  EXPECT_EQ(json["arrays"][1]["damaged"], true);
  EXPECT_EQ(json["arrays"][2]["damaged"], false);
  EXPECT_EQ(json["arrays"][2]["reason"], "has no dimensions");
  EXPECT_EQ(json["unreadable"][0]["path"], "closed");
  EXPECT_EQ(json["links"][0]["path"], "gone.npy");
  EXPECT_EQ(json["links"][0]["broken"], true);
  EXPECT_EQ(json["links"][1]["broken"], false);
  EXPECT_EQ(first["trailing_bytes"], 0);
  EXPECT_EQ(first["zarr_chunk"], (nlohmann::json{500, 2}));
  EXPECT_TRUE(json["arrays"][2]["zarr_chunk"].is_null());
}

TEST(CheckReport, SaysWhatFollowsTheArray) {
  CheckedArray array = good("a.npy");
  array.file_size += 130;
  EXPECT_EQ(check_lines({"/data", {array}, {}, {}}),
            "a.npy\t(500, 2)\t<f4\tF\t4258\tyes; 130 more bytes follow the array\t500x2\n");
  array.is_followed_by_npy = true;
  EXPECT_THAT(check_lines({"/data", {array}, {}, {}}),
              HasSubstr("yes; 130 more bytes follow the array, and begin with the header of another one, which is not "
                        "shown\t500x2\n"));
}

TEST(CheckReport, JsonIsValidWhateverTheNames) {
  const auto json = nlohmann::json::parse(check_json({"/data", {good("\"\n\xFF.npy")}, {}, {}}));
  EXPECT_EQ(json["arrays"][0]["path"], "\"\n\uFFFD.npy");
}

}  // namespace
}  // namespace npyfs
