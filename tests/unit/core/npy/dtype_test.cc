#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <iterator>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "core/npy/dtype_parser.h"
#include "core/npy/python_parser.h"
#include "core/npy/python_repr.h"

namespace npyfs {
namespace {

using ::testing::ElementsAre;

struct Row {
  const char* spelling;
  const char* descr;
  std::uint64_t itemsize;
  bool holds_objects;
};

constexpr Row kTable[] = {
#include "tests/unit/core/npy/dtype_table.inc"
};

std::expected<Dtype, std::string> dtype_of(const std::string& spelling) {
  const auto literal = parse_python_literal(spelling, LiteralDialect::kPython3);
  if (!literal) return std::unexpected(literal.error());
  return parse_dtype(*literal);
}

TEST(Dtype, AsNumpyReadsIt) {
  ASSERT_GT(std::size(kTable), 300u);
  for (const Row& row : kTable) {
    const auto dtype = dtype_of(row.spelling);
    ASSERT_TRUE(dtype) << row.spelling << ": " << dtype.error();
    EXPECT_EQ(dtype->descr(), row.descr) << row.spelling;
    EXPECT_EQ(dtype->itemsize, row.itemsize) << row.spelling;
    EXPECT_EQ(dtype->holds_objects, row.holds_objects) << row.spelling;
  }
}

TEST(Dtype, CanonicalFormsStayAsTheyAre) {
  for (const Row& row : kTable) {
    const auto dtype = dtype_of(row.descr);
    ASSERT_TRUE(dtype) << row.descr << ": " << dtype.error();
    EXPECT_EQ(dtype->descr(), row.descr);
    EXPECT_EQ(dtype->itemsize, row.itemsize) << row.descr;
  }
}

// Name, title, offset, descr and itemsize of one element, and shape of each field.
struct FieldRow {
  std::string name;
  std::optional<std::string> title;
  std::uint64_t offset;
  std::string descr;
  std::uint64_t itemsize;
  std::vector<std::uint64_t> shape;
  bool operator==(const FieldRow&) const = default;
};

void PrintTo(const FieldRow& row, std::ostream* out) {
  *out << row.name << " (" << row.title.value_or("no title") << ") at " << row.offset << ": " << row.descr << ", "
       << row.itemsize << " bytes, shape " << python_repr(row.shape);
}

std::vector<FieldRow> rows_of(const Dtype& dtype) {
  std::vector<FieldRow> rows;
  for (const Field& field : dtype.fields) {
    rows.push_back({field.name, field.title, field.offset, field.dtype.descr(), field.dtype.itemsize, field.shape()});
  }
  return rows;
}

TEST(Dtype, PlainTypesHaveNoFields) {
  const auto dtype = dtype_of("'f8'");
  EXPECT_FALSE(dtype->is_structured);
  EXPECT_EQ(dtype->type_string, "<f8");
  EXPECT_TRUE(dtype->fields.empty());
}

TEST(Dtype, FieldsLieBehindEachOther) {
  const auto dtype = dtype_of("[('a', 'i1'), ('b', '>f8', (2, 3)), (('t', 'c'), 'S4')]");
  EXPECT_TRUE(dtype->is_structured);
  EXPECT_EQ(dtype->type_string, "");
  EXPECT_THAT(rows_of(*dtype),
              ElementsAre(FieldRow{"a", {}, 0, "'|i1'", 1, {}}, FieldRow{"b", {}, 1, "'>f8'", 8, {2, 3}},
                          FieldRow{"c", "t", 49, "'|S4'", 4, {}}));
  EXPECT_EQ(dtype->fields[1].size(), 48u);
}

TEST(Dtype, PaddingIsNoFieldAndLeavesAGap) {
  const auto dtype =
      dtype_of("[('', 'V4'), ('', 'V2'), ('a', 'V3'), ('', [('x', 'i4')], (2,)), ('b', 'i2'), ('', 'V1')]");
  EXPECT_THAT(rows_of(*dtype),
              ElementsAre(FieldRow{"a", {}, 6, "'|V3'", 3, {}}, FieldRow{"b", {}, 17, "'<i2'", 2, {}}));
  EXPECT_EQ(dtype->itemsize, 20u);
  EXPECT_EQ(dtype->descr(), "[('', '|V6'), ('a', '|V3'), ('', '|V8'), ('b', '<i2'), ('', '|V1')]");
}

TEST(Dtype, FieldsThatAreNoPaddingMayLackAName) {
  EXPECT_THAT(rows_of(*dtype_of("[('', 'i4'), ('b', 'i2')]")),
              ElementsAre(FieldRow{"", {}, 0, "'<i4'", 4, {}}, FieldRow{"b", {}, 4, "'<i2'", 2, {}}));
}

TEST(Dtype, FieldsOfFieldsKeepTheirGaps) {
  const auto dtype = dtype_of(
      "[('i', 'i2'), ('in', [('', 'V1'), ('x', 'u1'), ('', 'V2'), ('y', [('z', 'U3', 2)]), ('', 'V5')], (3,))]");
  const Field& in = *find_field(dtype->fields, "in");
  EXPECT_THAT(rows_of(*dtype),
              ElementsAre(FieldRow{"i", {}, 0, "'<i2'", 2, {}},
                          FieldRow{"in",
                                   {},
                                   2,
                                   "[('', '|V1'), ('x', '|u1'), ('', '|V2'), ('y', [('z', '<U3', (2,))]), ('', '|V5')]",
                                   33,
                                   {3}}));
  EXPECT_THAT(rows_of(in.dtype),
              ElementsAre(FieldRow{"x", {}, 1, "'|u1'", 1, {}}, FieldRow{"y", {}, 4, "[('z', '<U3', (2,))]", 24, {}}));
  EXPECT_THAT(rows_of(in.dtype.fields[1].dtype), ElementsAre(FieldRow{"z", {}, 0, "'<U3'", 12, {2}}));
}

TEST(Dtype, SubarraysOfSubarraysAreOneShape) {
  const auto dtype = dtype_of("[('a', (('<f4', (2,)), (3, 5)), (4,))]");
  EXPECT_THAT(rows_of(*dtype), ElementsAre(FieldRow{"a", {}, 0, "'<f4'", 4, {4, 3, 5, 2}}));
  EXPECT_EQ(dtype->fields[0].size(), 480u);
  EXPECT_EQ(dtype->descr(), "[('a', (('<f4', (2,)), (3, 5)), (4,))]");
}

TEST(Dtype, ObjectsAreKnownPerField) {
  const auto dtype = dtype_of("[('a', 'i4'), ('b', [('c', 'O')]), ('d', 'O')]");
  EXPECT_TRUE(dtype->holds_objects);
  EXPECT_FALSE(dtype->fields[0].dtype.holds_objects);
  EXPECT_TRUE(dtype->fields[1].dtype.holds_objects);
  EXPECT_TRUE(dtype->fields[2].dtype.holds_objects);
}

TEST(Dtype, FieldsAreFoundByNameAndTitle) {
  const auto dtype = dtype_of("[('a', 'i4'), (('t', 'b'), 'i4'), (('', 'c'), 'i4')]");
  EXPECT_EQ(find_field(dtype->fields, "a"), &dtype->fields[0]);
  EXPECT_EQ(find_field(dtype->fields, "b"), &dtype->fields[1]);
  EXPECT_EQ(find_field(dtype->fields, "t"), &dtype->fields[1]);
  EXPECT_EQ(find_field(dtype->fields, ""), &dtype->fields[2]);
  EXPECT_EQ(find_field(dtype->fields, "A"), nullptr);
  EXPECT_EQ(find_field({}, ""), nullptr);
}

// A byte order before a name, and names that only one major version of numpy knows.
TEST(Dtype, NamesThatNumpyRefusesOrHasDropped) {
  for (const char* spelling : {"'<float64'", "'=int'", "'|bool'", "'float_'", "'unicode'", "'object0'", "'Float64'",
                               "'x'", "'T'", "'f'  'oo'", "'i16'", "'c4'", "'M4'", "'m16'", "'O2'", "'b2'", "'\x01'"}) {
    EXPECT_FALSE(dtype_of(spelling)) << spelling;
  }
}

TEST(Dtype, SizesAreBounded) {
  EXPECT_EQ(dtype_of("'S2147483647'")->itemsize, kMaxItemsize);
  for (const char* spelling : {"'S2147483648'", "'V18446744073709551616'", "'U536870912'", "'U1073741824'",
                               "[('a', 'S2147483647'), ('', 'V1')]", "[('a', 'i1', (65536, 65536, 0))]",
                               "[('a', ('i1', (65536,)), (65536,))]", "[('a', 'i1', 18446744073709551616)]"}) {
    EXPECT_FALSE(dtype_of(spelling)) << spelling;
  }
}

TEST(Dtype, DatetimeMetadataIsPlain) {
  for (const char* spelling : {"'M8[]'", "'M8[25]'", "'M8[s'", "'M8s]'", "'M8[s]s'", "'M8[S]'", "'M8[-1s]'",
                               "'M8[+1s]'", "'M8[ s]'", "'M8[Y/4]'", "'M8[2147483648s]'", "'M8[2generic]'", "'M80'"}) {
    EXPECT_FALSE(dtype_of(spelling)) << spelling;
  }
}

TEST(Dtype, FieldsAreFormedWell) {
  for (const char* spelling :
       {"[('a', 'i4'), (('t', 'a'), 'i4')]", "[(('a', 'a'), 'i4')]", "[('t', 'i4'), (('t', 'a'), 'i4')]",
        "[('', 'i4'), ('', 'i4')]", "[((None, 'a'), 'i4')]", "[(('t', 'a', 'b'), 'i4')]", "[(b'a', 'i4')]", "['a']",
        "[()]", "[('a', 'i4', (2,), 3)]", "[('a', 'i4', None)]", "[('a', 'i4', (True,))]", "[('a', 'i4', -1)]",
        "[('a', {})]", "[('a', ('i4',))]", "('i4', (2,))", "[('a', ('S0', (2,)))]", "[('a', ('i4', (0,)), (2,))]"}) {
    EXPECT_FALSE(dtype_of(spelling)) << spelling;
  }
}

TEST(Dtype, SentencesOfFarNestedFieldsLeaveOutTheOutermost) {
  std::string spelling = "'<i3'";
  for (int depth = 0; depth < 10; ++depth)
    spelling = "[('" + std::string(100, static_cast<char>('a' + depth)) + "', " + spelling + ")]";
  const auto dtype = dtype_of(spelling);
  ASSERT_FALSE(dtype);
  EXPECT_TRUE(dtype.error().starts_with("descr: field 'dddd")) << dtype.error();
  EXPECT_LT(dtype.error().size(), 700u);
}

TEST(Dtype, SentencesSayWhere) {
  EXPECT_EQ(dtype_of("[('a', [('b\\n', '<i3')])]").error(),
            "descr: field 'a': field 'b\\n': '<i3' is no dtype: there is no 'i' of that many bytes (1, 2, 4, 8 exist)");
}

}  // namespace
}  // namespace npyfs
