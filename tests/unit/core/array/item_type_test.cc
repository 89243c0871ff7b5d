#include "core/array/item_type.h"

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/unit/support/sliced_array.h"

namespace npyfs {
namespace {

// a[...] of shape (10, 6), with the fields of each item.
Array structured(const std::string& descr, std::uint64_t itemsize) {
  const std::string bytes = npy_header_bytes({descr, itemsize, false, {10, 6}});
  return array_without_file(parse_npy_header(std::as_bytes(std::span(bytes)), "a.npy").value());
}

const std::string kDescr =
    "[('time', '<i8'), (('velocity', 'v'), '<f4', (3, 2)), ('c', [('x', '<i2'), ('deep', [('z', '|u1')], (4,))]), ('', "
    "'|V2')]";

Array array() {
  return structured(kDescr, 8 + 24 + 6 + 2);
}

// Fields and indices by turns: "[1:3]", "v".
Selection steps(const Array& array, const std::vector<std::string>& steps) {
  Selection selection = Selection::whole(array.shape);
  for (const auto& step : steps) {
    selection = step.starts_with('[') ? select_by_expression(selection, step.substr(1, step.size() - 2)).value()
                                      : select_field(array, selection, step).value();
  }
  return selection;
}

TEST(ItemType, IsThatOfTheArrayOrOfTheFieldThatWasTaken) {
  const Array of = array();
  struct Case {
    std::vector<std::string> steps;
    std::string descr;
    std::uint64_t itemsize;
    std::size_t fields;
    Shape shape;
  };
  const std::vector<Case> cases = {
      {{}, kDescr, 40, 3, {10, 6}},
      {{"time"}, "'<i8'", 8, 0, {10, 6}},
      {{"v"}, "'<f4'", 4, 0, {10, 6, 3, 2}},
      {{"velocity"}, "'<f4'", 4, 0, {10, 6, 3, 2}},
      {{"[2:4,0]", "v", "[...,1]"}, "'<f4'", 4, 0, {2, 3}},
      {{"c"}, "[('x', '<i2'), ('deep', [('z', '|u1')], (4,))]", 6, 2, {10, 6}},
      {{"c", "x"}, "'<i2'", 2, 0, {10, 6}},
      {{"c", "deep"}, "[('z', '|u1')]", 1, 1, {10, 6, 4}},
      {{"c", "[3,3]", "deep", "[1]", "z"}, "'|u1'", 1, 0, {}},
  };
  for (const auto& [path, descr, itemsize, fields, shape] : cases) {
    const Selection selection = steps(of, path);
    const ItemType type = item_type(of, selection);
    EXPECT_EQ(type.descr, descr);
    EXPECT_EQ(type.itemsize, itemsize) << descr;
    EXPECT_EQ(type.fields.size(), fields) << descr;
    EXPECT_EQ(selection.shape(), shape) << descr;
    EXPECT_EQ(selection.geometry(of.geometry()).itemsize, itemsize) << descr;
  }
  EXPECT_EQ(item_type(of, steps(of, {"c", "deep"})).path, (std::vector<std::string_view>{"c", "deep"}));
  EXPECT_EQ(item_type(of, steps(of, {"velocity"})).path, (std::vector<std::string_view>{"v"}))
      << "the name, not the title";
}

TEST(ItemType, AFieldLiesAtItsOffset) {
  const Array of = array();
  EXPECT_EQ(steps(of, {"[0,1]", "c", "deep", "[2]", "z"}).geometry(of.geometry()).offset,
            of.geometry().offset + 40 + 8 + 24 + 2 + 2);
}

TEST(ItemType, AFieldThatIsNotThereIsNotFound) {
  const Array of = array();
  const Selection whole = Selection::whole(of.shape);
  for (const char* name : {"", "V", "x", "time ", "deep"}) {
    const auto refused = select_field(of, whole, name);
    ASSERT_FALSE(refused) << name;
    EXPECT_EQ(refused.error().kind, ErrorKind::kNotFound);
    EXPECT_EQ(refused.error().subject, name);
    EXPECT_EQ(refused.error().sentence, "is no field of the array; it has time, v, c") << name;
  }
  EXPECT_EQ(select_field(of, steps(of, {"time"}), "time").error().sentence, "the array has no fields");
}

TEST(ItemType, NamesTenFieldsOfManyAtMost) {
  std::string descr = "[";
  for (int i = 0; i < 11; ++i) descr += std::string(i == 0 ? "" : ", ") + "('f" + std::to_string(i) + "', '|u1')";
  const Array of = structured(descr + "]", 11);
  EXPECT_EQ(select_field(of, Selection::whole(of.shape), "x").error().sentence,
            "is no field of the array; it has f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, ...");
}

TEST(ItemType, ASubarrayMayNotMakeTheViewOneOfTooManyDimensions) {
  const Array of = array();
  std::string text = "...";
  for (int i = 0; i < 60; ++i) text += ",None";
  Selection selection = *select_by_expression(Selection::whole(of.shape), text);
  EXPECT_EQ(select_field(of, selection, "v")->ndim(), 64u);
  selection.insert_axis(0);
  EXPECT_EQ(select_field(of, selection, "v").error().sentence, "no array has more than 64 dimensions");
  EXPECT_TRUE(select_field(of, selection, "time"));
}

TEST(FieldPathName, IsPercentEncodedAndNoForm) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"x", "x"},         {"a/b", "a%2Fb"},     {"100%", "100%25"},       {"..", "%2E%2E"},
      {"", "%"},          {"x.npy", "x%2Enpy"}, {"x.bin", "x%2Ebin"},     {"x.npy.bin", "x.npy%2Ebin"},
      {".npy", "%2Enpy"}, {"x.txt", "x.txt"},   {"\xC3\xA9", "\xC3\xA9"}, {"a\nb", "a%0Ab"},
  };
  for (const auto& [name, encoded] : cases) EXPECT_EQ(field_path_name(name), encoded) << name;
  EXPECT_TRUE(field_path_name(std::string(251, 'x')));
  EXPECT_FALSE(field_path_name(std::string(252, 'x'))) << "too long with .npy behind it";
  EXPECT_FALSE(field_path_name(std::string(84, '/')));
}

struct NotationCase {
  std::vector<std::string> steps;
  const char* notation;
  const char* path;
};

const std::vector<NotationCase> kNotations = {
    {{}, "a", "index/....npy"},
    {{"[2:4]"}, "a[2:4]", "index/2:4.npy"},
    {{"[:4]"}, "a[:4]", "index/:4.npy"},
    {{"[4:]"}, "a[4:]", "index/4:.npy"},
    {{"[7]"}, "a[7]", "index/7.npy"},
    {{"[-1]"}, "a[9]", "index/9.npy"},
    {{"[:,3]"}, "a[:, 3]", "index/:,3.npy"},
    {{"[7:8]"}, "a[7:8]", "index/7:8.npy"},
    {{"[9:10]"}, "a[9:]", "index/9:.npy"},
    {{"[3:3]"}, "a[0:0]", "index/0:0.npy"},
    {{"[::4]"}, "a[::4]", "index/::4.npy"},
    {{"[1:8:3]"}, "a[1::3]", "index/1::3.npy"},
    {{"[1:7:3]"}, "a[1:7:3]", "index/1:7:3.npy"},
    {{"[::-1]"}, "a[::-1]", "index/::-1.npy"},
    {{"[7:2:-2]"}, "a[7:1:-2]", "index/7:1:-2.npy"},
    {{"[7::-3]"}, "a[7::-3]", "index/7::-3.npy"},
    {{"[5]", "[2]"}, "a[5, 2]", "index/5,2.npy"},
    {{"[None]"}, "a[None, :, :]", "index/None,:,:.npy"},
    {{"[3,None]"}, "a[3][None, :]", "index/3/index/None,:.npy"},
    {{"time"}, "a['time']", "fields/time.npy"},
    {{"velocity"}, "a['v']", "fields/v.npy"},
    {{"[2:4]", "v", "[...,1]"}, "a[2:4]['v'][:, :, :, 1]", "index/2:4/fields/v/index/:,:,:,1.npy"},
    {{"c", "[0]", "deep", "[...,2]", "z"},
     "a[0]['c']['deep'][:, 2]['z']",
     "index/0/fields/c/fields/deep/index/:,2/fields/z.npy"},
};

TEST(IndexNotation, IsWhatNumpyTakesForTheSame) {
  const Array of = array();
  for (const auto& [path, notation, written] : kNotations) {
    const Selection selection = steps(of, path);
    EXPECT_EQ(index_notation(of, selection), notation);
    EXPECT_EQ(index_path(of, selection, Form::kNpy), written);
  }
  EXPECT_EQ(index_path(of, steps(of, {"[7]"}), Form::kBin), "index/7.bin");
}

// Each notation, read step by step, is the selection again.
TEST(IndexNotation, OfEverySliceReadsBack) {
  const auto form = [](const Selection& selection) {
    std::string out;
    selection.encode(out);
    return out;
  };
  for (std::uint64_t length = 1; length <= 6; ++length) {
    const Array of = array_without_file(TestArray{"'|u1'", 1, false, {length}});
    for (int start = -7; start <= 7; ++start) {
      for (int stop = -7; stop <= 7; ++stop) {
        for (const int step : {-4, -3, -2, -1, 1, 2, 3, 4}) {
          const std::string text = std::to_string(start) + ":" + std::to_string(stop) + ":" + std::to_string(step);
          const Selection selection = indexed(of, text);
          const std::string notation = index_notation(of, selection);
          const Selection again =
              notation == "a" ? Selection::whole(of.shape) : indexed(of, notation.substr(2, notation.size() - 3));
          ASSERT_EQ(form(again), form(selection)) << text << " is " << notation;
        }
      }
    }
  }
}

TEST(IndexNotation, QuotesNamesAsPythonDoes) {
  const Array of = structured("[(\"it's\", '<i4'), ('a/b', '<i4')]", 8);
  EXPECT_EQ(index_notation(of, steps(of, {"it's"})), "a[\"it's\"]");
  EXPECT_EQ(index_path(of, steps(of, {"a/b"}), Form::kNpy), "fields/a%2Fb.npy");
}

}  // namespace
}  // namespace npyfs
