#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "core/npy/python_parser.h"

namespace npyfs {
namespace {

using Kind = PythonLiteral::Kind;

std::expected<PythonLiteral, std::string> parse3(std::string_view text) {
  return parse_python_literal(text, LiteralDialect::kPython3);
}

std::expected<PythonLiteral, std::string> parse2(std::string_view text) {
  return parse_python_literal(text, LiteralDialect::kPython2);
}

TEST(PythonLiteral, Constants) {
  EXPECT_EQ(parse3("None")->kind, Kind::kNone);
  EXPECT_EQ(parse3("True")->kind, Kind::kBool);
  EXPECT_TRUE(parse3(" True ")->truth);
  EXPECT_FALSE(parse3("False")->truth);
}

TEST(PythonLiteral, Ints) {
  const struct {
    const char* text;
    bool negative;
    std::uint64_t magnitude;
  } rows[] = {{"0", false, 0},
              {"-0", false, 0},
              {"00_0", false, 0},
              {"7", false, 7},
              {"+7", false, 7},
              {"- 7", true, 7},
              {"1_000", false, 1000},
              {"0x_fF", false, 255},
              {"0XfF", false, 255},
              {"0o17", false, 15},
              {"0O17", false, 15},
              {"0b1_01", false, 5},
              {"0B11", false, 3},
              {"((7))", false, 7},
              {"18446744073709551615", false, UINT64_MAX},
              {"0xffffffffffffffff", false, UINT64_MAX}};
  for (const auto& row : rows) {
    const auto literal = parse3(row.text);
    ASSERT_TRUE(literal) << literal.error();
    EXPECT_EQ(literal->kind, Kind::kInt) << row.text;
    EXPECT_EQ(literal->negative, row.negative) << row.text;
    EXPECT_EQ(literal->magnitude, row.magnitude) << row.text;
    EXPECT_EQ(literal->source, row.text);
  }
  for (const char* text : {"18446744073709551616", "0x10000000000000000", "-99999999999999999999999"}) {
    const auto literal = parse3(text);
    ASSERT_TRUE(literal) << literal.error();
    EXPECT_EQ(literal->kind, Kind::kInt) << text;
    EXPECT_EQ(literal->magnitude, std::nullopt) << text;
  }
}

TEST(PythonLiteral, NotNumbers) {
  for (const char* text :
       {"04",  "0_4", "1__0", "1_",  "_1",     "0x",     "0x_",  "0xg",   "0b2", "0o8",   "0b",    "4l",
        "4LL", "1a",  "1e5x", "--1", "+-1",    "-",      "-(1)", "-True", "1 2", "0x1+2", "0x1e+", "0b1.0",
        "+.",  "-.x", "+",    "-a",  "-\'a\'", "1.2.3x", ".",    "...",   "4é",  "1+2",   "1+2j"}) {
    EXPECT_FALSE(parse3(text)) << text;
    EXPECT_FALSE(parse2(text)) << text;
  }
}

TEST(PythonLiteral, LongsInPython2Only) {
  for (const char* text : {"4L", "0x4L", "0b100L", "0o4L", "+4L"}) {
    const auto literal = parse2(text);
    ASSERT_TRUE(literal) << literal.error();
    EXPECT_EQ(literal->magnitude, 4u) << text;
    EXPECT_FALSE(parse3(text)) << text;
  }
}

TEST(PythonLiteral, OtherNumbersAreToldApart) {
  for (const char* text : {"1.5", ".5", "5.", "1e5", "1E-5", "1_0.0", "-2.5"})
    EXPECT_EQ(parse3(text)->kind, Kind::kFloat);
  for (const char* text : {"1j", "1.5J", ".5j", "1e5j"}) EXPECT_EQ(parse3(text)->kind, Kind::kComplex);
}

TEST(PythonLiteral, Strings) {
  const struct {
    const char* text;
    std::string value;
  } rows[] = {{"''", ""},
              {R"('a')", "a"},
              {R"("it's")", "it's"},
              {R"('\'\"\\')", "'\"\\"},
              {R"('\a\b\f\n\r\t\v')", "\a\b\f\n\r\t\v"},
              {R"('\x41\u00e9\U0001F600')", "A\u00e9\U0001F600"},
              {R"('\101\60\0')", std::string("A0\0", 3)},
              {R"('\1011')", "A1"},
              {R"('\777')", "\u01ff"},
              {R"(r'\n\'')", R"(\n\')"},
              {R"(U'a')", "a"},
              {R"(R"\x41")", R"(\x41)"},
              {R"("""a"b""c""")", "a\"b\"\"c"},
              {"'''a\nb'''", "a\nb"},
              {"r'''a\\\nb'''", "a\\\nb"},
              {"''''a'''", "'a"},
              {R"(('a' "b" r'c'))", "abc"},
              {"'\u4f60\u00e9'", "\u4f60\u00e9"}};
  for (const auto& row : rows) {
    const auto literal = parse3(row.text);
    ASSERT_TRUE(literal) << literal.error();
    EXPECT_EQ(literal->kind, Kind::kStr) << row.text;
    EXPECT_EQ(literal->text, row.value) << row.text;
  }
}

TEST(PythonLiteral, NotStrings) {
  for (const char* text :
       {"'",       "'a",        "'a\"",      "'a\nb'",     "'''a'",           "'''a''",      R"('\')",
        R"(r'\')", R"('\x4')",  R"('\xg0')", R"('\u123')", R"('\U00110000')", R"('\ud800')", R"('\N{DASH}')",
        R"('\d')", "'a\\\nb'",  "f'a'",      "rf'a'",      "ur'a'",           "bu'a'",       "rr'a'",
        "x'a'",    "'a' b'b'",  "uf'a'",     "fu'a'",      "ub'a'",           "bf'a'",       "fb'a'",
        "r",       "rb",        "'\\",       R"('\x4)",    R"('\1)",          "r'\\",        "r'\\\n'",
        "r'\\\r'", "'a' ('b')", "'a'.b",     "'a'[0]",     "'a' % 1",         "'a\rb'"}) {
    EXPECT_FALSE(parse3(text)) << text;
  }
}

TEST(PythonLiteral, BytesAreRecognised) {
  for (const char* text : {"b'a'", "B\"a\"", "br'\\'", "Rb'a\\''", "b'a' b'b'", "b'''\n'''"}) {
    const auto literal = parse3(text);
    EXPECT_EQ(literal ? literal->kind : Kind::kNone, std::string_view(text) == "br'\\'" ? Kind::kNone : Kind::kBytes)
        << text;
  }
}

TEST(PythonLiteral, Containers) {
  const auto dict = parse3("{'a': (1, 2,), \"b\": [3], 'c': {4}, 'd': {}, 'e': (5), 'f': (6,), 'g': ()}");
  ASSERT_TRUE(dict) << dict.error();
  EXPECT_EQ(dict->kind, Kind::kDict);
  ASSERT_EQ(dict->items.size(), 14u);
  const auto value = [&](std::size_t i) -> const PythonLiteral& { return dict->items[2 * i + 1]; };
  EXPECT_EQ(dict->items[2].text, "b");
  EXPECT_EQ(value(0).kind, Kind::kTuple);
  EXPECT_EQ(value(0).items.size(), 2u);
  EXPECT_EQ(value(1).kind, Kind::kList);
  EXPECT_EQ(value(2).kind, Kind::kSet);
  EXPECT_EQ(value(3).kind, Kind::kDict);
  EXPECT_EQ(value(4).kind, Kind::kInt);
  EXPECT_EQ(value(4).source, "(5)");
  EXPECT_EQ(value(5).kind, Kind::kTuple);
  EXPECT_EQ(value(5).source, "(6,)");
  EXPECT_EQ(value(6).kind, Kind::kTuple);
  EXPECT_TRUE(value(6).items.empty());
}

TEST(PythonLiteral, NotContainers) {
  for (const char* text : {"(",
                           ")",
                           "(]",
                           "[1",
                           "[1 2]",
                           "[,]",
                           "(,)",
                           "{,}",
                           "{1:}",
                           "{1: 2, 3}",
                           "{1, 2: 3}",
                           "{**{}}",
                           "[*[]]",
                           "(1,,)",
                           "[1]]",
                           "1,",
                           "{} {}",
                           "x",
                           "dict()",
                           "[x for x in ()]",
                           "1 if 1 else 2",
                           "",
                           " \n",
                           "(1)(2)",
                           "[1][0]",
                           "{'a' 1}",
                           "{'a': 1;}"}) {
    EXPECT_FALSE(parse3(text)) << text;
  }
}

TEST(PythonLiteral, Blanks) {
  for (const char* text : {" 1", "\t1", "\n1", "\r\n1", " \n1", "1 \n", "1\n \n", "(\n 1\r\n\t,\n)", "1"}) {
    EXPECT_TRUE(parse3(text)) << text;
    EXPECT_TRUE(parse2(text)) << text;
  }
  for (const char* text : {"\n 1", " \n\t1", "\r1", "1\r", "(1,\r)", "\f1", "1 # one", "1\\\n", "\u00a01", "\ufeff1"}) {
    EXPECT_FALSE(parse3(text)) << text;
    EXPECT_FALSE(parse2(text)) << text;
  }
  EXPECT_TRUE(parse2("1\n  "));
  EXPECT_FALSE(parse3("1\n  "));
  EXPECT_FALSE(parse3(std::string_view("1\0", 2)));
  EXPECT_FALSE(parse3(std::string_view("'\0'", 3)));
}

TEST(PythonLiteral, DepthIsBounded) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(parse3(nested(kMaxLiteralDepth)));
  EXPECT_EQ(parse3(nested(kMaxLiteralDepth + 1)).error(),
            "brackets nest deeper than 100 levels at character 100 of the header");
  EXPECT_FALSE(parse3(std::string(1'000'000, '(')));
  EXPECT_FALSE(parse3(std::string(1'000'000, '-')));
  std::string dicts;
  for (int i = 0; i < 10'000; ++i) dicts += "{1:";
  EXPECT_FALSE(parse3(dicts));
}

TEST(PythonLiteral, PositionsCountCharacters) {
  EXPECT_EQ(parse3("('\u4f60\u00e9', x)").error(),
            "the name x stands at character 7 of the header, only True, False and None are literals");
}

TEST(PythonLiteral, MessagesAreHarmless) {
  EXPECT_EQ(excerpt("a\nb\x1b"), "a\\nb\\x1b");
  EXPECT_EQ(excerpt(std::string(130, 'a')), std::string(120, 'a') + "...");
  EXPECT_EQ(shortened(std::string(119, 'a') + "\u4f60\u4f60"), std::string(119, 'a') + "...");
  EXPECT_EQ(description(*parse3("(1, 2)")), "a tuple ((1, 2))");
  EXPECT_EQ(description(*parse3("None")), "None");
}

}  // namespace
}  // namespace npyfs
