#include "core/array/zarr_metadata.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/npy/npy_header.h"
#include "tests/unit/support/sliced_array.h"

namespace npyfs {
namespace {

using nlohmann::json;

// What a version says of an array of this dtype: its JSON, the fill value and the byte order, or why it refuses.
struct Said {
  std::string type;
  std::string fill_value;
  std::string endian;
  bool operator==(const Said&) const = default;
};

Said said(const std::string& descr, std::uint64_t itemsize,
          std::expected<ZarrDtype, std::string> (*dtype)(const ItemType&)) {
  const std::string bytes = npy_header_bytes({descr, itemsize, false, {2}});
  const auto header = parse_npy_header(std::as_bytes(std::span(bytes)), "a.npy");
  EXPECT_TRUE(header) << descr;
  const Array array = array_without_file(*header);
  const auto found = dtype(item_type(array, Selection::whole(array.shape)));
  if (!found) return {found.error(), "", ""};
  EXPECT_TRUE(json::accept(found->type)) << found->type;
  EXPECT_TRUE(json::accept(found->fill_value)) << found->fill_value;
  return {found->type, found->fill_value, found->endian};
}

TEST(ZarrDtype, Version2TakesNumpysTypeStrings) {
  for (const auto& [descr, itemsize] : std::vector<std::pair<std::string, std::uint64_t>>{{"<f8", 8},
                                                                                          {">i2", 2},
                                                                                          {"|u1", 1},
                                                                                          {"|b1", 1},
                                                                                          {"<c16", 16},
                                                                                          {"<f2", 2},
                                                                                          {"<f16", 16},
                                                                                          {"|S5", 5},
                                                                                          {"<U3", 12},
                                                                                          {"|V3", 3},
                                                                                          {"<M8[ns]", 8},
                                                                                          {">m8[25s]", 8}}) {
    EXPECT_EQ(said("'" + descr + "'", itemsize, zarr2_dtype), (Said{"\"" + descr + "\"", "null", ""}));
  }
  EXPECT_EQ(said("'<M8'", 8, zarr2_dtype).type, "Zarr version 2 has no times without a unit, as '<M8'");
}

TEST(ZarrDtype, Version2ListsFields) {
  EXPECT_EQ(said("[('r', '|u1'), ('pos', '<f4', (3,))]", 13, zarr2_dtype).type,
            R"([["r", "|u1"], ["pos", "<f4", [3]]])");
  EXPECT_EQ(said("[('c', [('x', '>i2')])]", 2, zarr2_dtype).type, R"([["c", [["x", ">i2"]]]])");
  EXPECT_EQ(said("[(('title', 'a'), '<i4')]", 4, zarr2_dtype).type, R"([["a", "<i4"]])") << "titles are left out";
  EXPECT_EQ(said("[('a', ('<f4', (2,)), (3, 4))]", 96, zarr2_dtype).type, R"([["a", "<f4", [3, 4, 2]]])");
  EXPECT_EQ(said("[('a', '|i1'), ('', '|V3'), ('b', '<i4')]", 8, zarr2_dtype).type,
            R"([["a", "|i1"], ["padding1", "|V3"], ["b", "<i4"]])");
  EXPECT_EQ(said("[('padding1', '|i1'), ('', '|V3')]", 4, zarr2_dtype).type,
            R"([["padding1", "|i1"], ["padding1_", "|V3"]])");
}

TEST(ZarrDtype, Version3HasNamesForTypes) {
  struct Case {
    std::string descr;
    std::uint64_t itemsize;
    Said said;
  };
  const std::vector<Case> cases = {
      {"'|b1'", 1, {R"("bool")", "false", ""}},
      {"'|i1'", 1, {R"("int8")", "0", ""}},
      {"'>u4'", 4, {R"("uint32")", "0", "big"}},
      {"'<f2'", 2, {R"("float16")", "0.0", "little"}},
      {"'<f8'", 8, {R"("float64")", "0.0", "little"}},
      {"'>c8'", 8, {R"("complex64")", "[0.0, 0.0]", "big"}},
      {"'<f16'", 16, {"Zarr version 3 has no type '<f16'", "", ""}},
      {"'<c32'", 32, {"Zarr version 3 has no type '<c32'", "", ""}},
      {"'<M8[ns]'",
       8,
       {R"({"name": "numpy.datetime64", "configuration": {"unit": "ns", "scale_factor": 1}})", "0", "little"}},
      {"'>m8[25s]'",
       8,
       {R"({"name": "numpy.timedelta64", "configuration": {"unit": "s", "scale_factor": 25}})", "0", "big"}},
      {"'<M8'",
       8,
       {R"({"name": "numpy.datetime64", "configuration": {"unit": "generic", "scale_factor": 1}})", "0", "little"}},
      {"'|S5'", 5, {R"({"name": "null_terminated_bytes", "configuration": {"length_bytes": 5}})", R"("")", ""}},
      {"'>U3'", 12, {R"({"name": "fixed_length_utf32", "configuration": {"length_bytes": 12}})", R"("")", "big"}},
      {"'|V3'", 3, {R"({"name": "raw_bytes", "configuration": {"length_bytes": 3}})", R"("AAAA")", ""}},
      {"'|V4'", 4, {R"({"name": "raw_bytes", "configuration": {"length_bytes": 4}})", R"("AAAAAA==")", ""}},
      {"'|V5'", 5, {R"({"name": "raw_bytes", "configuration": {"length_bytes": 5}})", R"("AAAAAAA=")", ""}},
  };
  for (const auto& [descr, itemsize, expected] : cases)
    EXPECT_EQ(said(descr, itemsize, zarr3_dtype), expected) << descr;
}

TEST(ZarrDtype, Version3HasPackedStructsOfOneByteOrder) {
  EXPECT_EQ(said("[('a', '|i1'), ('b', '>f8')]", 9, zarr3_dtype),
            (Said{R"({"name": "struct", "configuration": {"fields": [{"name": "a", "data_type": "int8"}, )"
                  R"({"name": "b", "data_type": "float64"}]}})",
                  R"({"a": 0, "b": 0.0})", "big"}));
  EXPECT_EQ(said("[('r', '|u1'), ('g', '|u1')]", 2, zarr3_dtype).endian, "");
  const std::vector<std::pair<std::string, std::string>> refused = {
      {"[('a', '|i1'), ('', '|V3'), ('b', '<i4')]", "Zarr version 3 has no padding between fields, as before b"},
      {"[('b', '<i4'), ('c', '|i1'), ('', '|V3')]", "Zarr version 3 has no padding behind the last field"},
      {"[('a', '<i4'), ('b', '>i4')]", "Zarr version 3 has one byte order for all fields; that of b is another"},
      {"[('a', '<i4'), ('b', '<i2', (2,))]", "Zarr version 3 has no fields that are arrays, as b"},
      {"[('a', '<i4'), ('b', '<f4')]", ""},
  };
  for (const auto& [descr, why] : refused) {
    if (why.empty()) {
      EXPECT_EQ(said(descr, 8, zarr3_dtype).endian, "little");
    } else {
      EXPECT_EQ(said(descr, 8, zarr3_dtype).type, why);
    }
  }
}

TEST(ZarrDtype, NamesThatAreNoUtf8AreRefused) {
  const std::string descr = R"([('\ud800', '<i4')])";
  const std::string bytes = npy_header_bytes({descr, 4, false, {2}});
  const auto header = parse_npy_header(std::as_bytes(std::span(bytes)), "a.npy");
  if (!header) return;  // numpy takes it, and so may we; but no store can name it
  const Array array = array_without_file(*header);
  const auto item = item_type(array, Selection::whole(array.shape));
  EXPECT_FALSE(zarr2_dtype(item));
  EXPECT_FALSE(zarr3_dtype(item));
}

ZarrArray sample(bool fortran_order) {
  return {{{10, 6}, {4, 6}}, fortran_order, {R"("float64")", "0.0", "little"}};
}

TEST(ZarrMetadata, OfVersion3) {
  const json array = json::parse(zarr3_array(sample(false)));
  EXPECT_EQ(array, json::parse(R"({
    "zarr_format": 3, "node_type": "array", "shape": [10, 6], "data_type": "float64",
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [4, 6]}},
    "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
    "fill_value": 0.0, "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
    "attributes": {}, "dimension_names": ["dim_0", "dim_1"]})"));
  const json group = json::parse(zarr3_group(sample(false)));
  EXPECT_EQ(group["node_type"], "group");
  EXPECT_EQ(group["consolidated_metadata"],
            (json{{"kind", "inline"}, {"must_understand", false}, {"metadata", {{"data", array}}}}));
}

TEST(ZarrMetadata, OfVersion2) {
  const ZarrArray of{{{10, 6}, {4, 6}}, true, {R"("<f8")", "null", ""}};
  const json array = json::parse(zarr2_array(of));
  EXPECT_EQ(array, json::parse(R"({"zarr_format": 2, "shape": [10, 6], "chunks": [4, 6], "dtype": "<f8",
    "compressor": null, "fill_value": null, "order": "F", "filters": null, "dimension_separator": "."})"));
  const json all = json::parse(zarr2_consolidated(of));
  EXPECT_EQ(all["zarr_consolidated_format"], 1);
  EXPECT_EQ(all["metadata"][".zgroup"], json::parse(zarr2_group()));
  EXPECT_EQ(all["metadata"][".zattrs"], json::parse(zarr2_group_attributes()));
  EXPECT_EQ(all["metadata"]["data/.zarray"], array);
  EXPECT_EQ(all["metadata"]["data/.zattrs"], (json{{"_ARRAY_DIMENSIONS", {"dim_0", "dim_1"}}}));
}

TEST(ZarrMetadata, OrdersOfArraysWithOneAxisAreOne) {
  EXPECT_EQ(json::parse(zarr3_array(sample(true)))["codecs"][0],
            json::parse(R"({"name": "transpose", "configuration": {"order": [1, 0]}})"));
  for (const Shape& shape : {Shape{}, Shape{5}}) {
    const ZarrArray of{{shape, shape}, true, {R"("uint8")", "0", ""}};
    EXPECT_EQ(json::parse(zarr3_array(of))["codecs"], json::parse(R"([{"name": "bytes"}])"));
    EXPECT_EQ(json::parse(zarr2_array(of))["order"], "C");
    EXPECT_EQ(json::parse(zarr3_array(of))["dimension_names"].size(), shape.size());
  }
}

}  // namespace
}  // namespace npyfs
