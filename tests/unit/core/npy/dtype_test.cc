#include "core/npy/dtype.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <iterator>
#include <string>

#include "core/npy/python_literal.h"

namespace npyfs {
namespace {

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
    EXPECT_EQ(dtype->descr, row.descr) << row.spelling;
    EXPECT_EQ(dtype->itemsize, row.itemsize) << row.spelling;
    EXPECT_EQ(dtype->holds_objects, row.holds_objects) << row.spelling;
  }
}

TEST(Dtype, CanonicalFormsStayAsTheyAre) {
  for (const Row& row : kTable) {
    const auto dtype = dtype_of(row.descr);
    ASSERT_TRUE(dtype) << row.descr << ": " << dtype.error();
    EXPECT_EQ(dtype->descr, row.descr);
    EXPECT_EQ(dtype->itemsize, row.itemsize) << row.descr;
  }
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
