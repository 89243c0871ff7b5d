#include "core/base/utf8.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace npyfs {
namespace {

using namespace std::string_literals;

TEST(Utf8, KnowsWellFormedSequences) {
  struct Length {
    std::string text;
    int length;
  };
  const std::vector<Length> cases = {
      {"", 0},
      {"a", 1},
      {"\0"s, 1},
      {"\x7F\x80", 1},
      {"\x80", 0},
      {"\xBF", 0},
      {"\xC0\x80", 0},
      {"\xC1\xBF", 0},
      {"\xC2\x80", 2},
      {"\xDF\xBFz", 2},
      {"\xE0\x9F\xBF", 0},  // overlong
      {"\xE0\xA0\x80", 3},
      {"\xED\x9F\xBF", 3},
      {"\xED\xA0\x80", 0},  // surrogates
      {"\xED\xBF\xBF", 0},
      {"\xEE\x80\x80", 3},
      {"\xEF\xBF\xBF", 3},
      {"\xF0\x8F\xBF\xBF", 0},  // overlong
      {"\xF0\x90\x80\x80", 4},
      {"\xF4\x8F\xBF\xBF", 4},
      {"\xF4\x90\x80\x80", 0},  // beyond U+10FFFF
      {"\xF5\x80\x80\x80", 0},
      {"\xFF", 0},
      {"\xE2\x82", 0},
      {"\xF0\x9F\x8D", 0},
      {"\xE2\x28\xA1", 0},
      {"\xF0\x9F\x8D\x28", 0},
  };
  for (const auto& [text, length] : cases) {
    EXPECT_EQ(utf8_sequence_length(text), length) << testing::PrintToString(text);
  }
}

TEST(Utf8, CodePointsRoundTrip) {
  for (const std::uint32_t code_point :
       {0x0u, 0x7Fu, 0x80u, 0x7FFu, 0x800u, 0xD7FFu, 0xE000u, 0xFFFFu, 0x10000u, 0x10FFFFu}) {
    std::string text;
    append_utf8(text, code_point);
    text += "x";
    std::string_view rest = text;
    EXPECT_EQ(take_code_point(rest), code_point);
    EXPECT_EQ(rest, "x");
  }
}

TEST(Utf8, ErrorsHaveAnOffset) {
  EXPECT_EQ(utf8_error_offset(""), 0u);
  EXPECT_EQ(utf8_error_offset("\u4f60x"), 4u);
  EXPECT_EQ(utf8_error_offset("\u4f60\x80x"), 3u);
  EXPECT_EQ(utf8_error_offset("ab\xE4\xBD"), 2u);
  EXPECT_TRUE(is_utf8("a\0\u00e9"s));
  EXPECT_FALSE(is_utf8("a\xE9"));
}

TEST(Utf8, AsciiIsBelow0x80) {
  EXPECT_TRUE(is_ascii(""));
  EXPECT_TRUE(is_ascii("a\0\x7f"s));
  EXPECT_FALSE(is_ascii("a\u0080"));
}

TEST(Utf8, CountsCodePoints) {
  EXPECT_EQ(count_code_points(""), 0u);
  EXPECT_EQ(count_code_points("a\u00e9\u4f60\U0001f600"), 4u);
}

TEST(Utf8, FrontsCutNoCodePointInTwo) {
  const std::string text = "a\u4f60\U0001f600";
  EXPECT_EQ(utf8_front(text, 0), "");
  EXPECT_EQ(utf8_front(text, 1), "a");
  EXPECT_EQ(utf8_front(text, 3), "a");
  EXPECT_EQ(utf8_front(text, 4), "a\u4f60");
  EXPECT_EQ(utf8_front(text, 7), "a\u4f60");
  EXPECT_EQ(utf8_front(text, 8), text);
  EXPECT_EQ(utf8_front(text, 100), text);
}

}  // namespace
}  // namespace npyfs
