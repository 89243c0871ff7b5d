#include "core/base/escape.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/utf8.h"

namespace npyfs {
namespace {

using namespace std::string_literals;

struct Case {
  std::string text;
  std::string expected;
};

TEST(Escape, LeavesTextAndDisarmsTheRest) {
  const std::vector<Case> cases = {
      {"", ""},
      {"data_1-2.npy (copy) 'x' \"y\" %s {}", "data_1-2.npy (copy) 'x' \"y\" %s {}"},
      {"a\nb\tc\rd\\e", "a\\nb\\tc\\rd\\\\e"},
      {"\x1B[2J", "\\x1b[2J"},
      {"\0\x01\x1F\x7F"s, "\\x00\\x01\\x1f\\x7f"},
      // Letters of 2, 3 and 4 bytes.
      {"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x8D\x8C", "\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x8D\x8C"},
      {"\xC2\xA0", "\xC2\xA0"},
      // Controls of more than one byte: C1, lines, paragraphs, directions.
      {"\xC2\x80\xC2\x85\xC2\x9F", "\\xc2\\x80\\xc2\\x85\\xc2\\x9f"},
      {"\xE2\x80\x8E\xE2\x80\x8F", "\\xe2\\x80\\x8e\\xe2\\x80\\x8f"},
      {"\xE2\x80\xA8\xE2\x80\xA9", "\\xe2\\x80\\xa8\\xe2\\x80\\xa9"},
      {"\xE2\x80\xAA\xE2\x80\xAE", "\\xe2\\x80\\xaa\\xe2\\x80\\xae"},
      {"\xE2\x81\xA6\xE2\x81\xA9", "\\xe2\\x81\\xa6\\xe2\\x81\\xa9"},
      {"\xD8\x9C", "\\xd8\\x9c"},                                                        // U+061C, Arabic letter mark
      {"\xE2\x80\x8D\xE2\x80\xA7\xE2\x80\xAF", "\xE2\x80\x8D\xE2\x80\xA7\xE2\x80\xAF"},  // their neighbours
      // What is no UTF-8, byte by byte, without swallowing what follows.
      {"\xFFz", "\\xffz"},
      {"\x80z", "\\x80z"},
      {"\xC3", "\\xc3"},
      {"\xC3z", "\\xc3z"},
      {"\xE2\x82z", "\\xe2\\x82z"},
      {"\xE2\x82\xC3\xA9", "\\xe2\\x82\xC3\xA9"},
      {"\xC0\x8A", "\\xc0\\x8a"},
      {"\xED\xA0\x80", "\\xed\\xa0\\x80"},
      {"\xF4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(escaped(text), expected) << testing::PrintToString(text);
}

TEST(Escape, GivesOneLineOfUtf8ForAnyTwoBytes) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string text = {static_cast<char>(a), static_cast<char>(b)};
      const std::string result = escaped(text);
      for (std::size_t i = 0; i < result.size();) {
        const int length = utf8_sequence_length(std::string_view(result).substr(i));
        ASSERT_GT(length, 0) << a << " " << b;
        ASSERT_TRUE(length > 1 || (result[i] >= ' ' && result[i] != 0x7F)) << a << " " << b;
        i += static_cast<std::size_t>(length);
      }
    }
  }
}

}  // namespace
}  // namespace npyfs
