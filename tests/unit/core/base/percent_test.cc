#include "core/base/percent.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace npyfs {
namespace {

using namespace std::string_literals;

const std::vector<std::pair<std::string, std::string>> kSpellings = {
    {"x", "x"},
    {"", "%"},
    {".", "%2E"},
    {"..", "%2E%2E"},
    {"...", "..."},
    {".hidden", ".hidden"},
    {"a/b", "a%2Fb"},
    {"/", "%2F"},
    {"100%", "100%25"},
    {"%", "%25"},
    {"%2F", "%252F"},
    {"\0"s, "%00"},
    {"a\n\x1f\x7f", "a%0A%1F%7F"},
    {"it's \"x\" \\ ~", "it's \"x\" \\ ~"},
    {"gr\u00f6\u00dfe \u4f60\u597d \U0001f600", "gr\u00f6\u00dfe \u4f60\u597d \U0001f600"},
    {"\xFF\x80", "\xFF\x80"},
};

TEST(Percent, OneSpellingOfEveryName) {
  for (const auto& [name, spelling] : kSpellings) {
    EXPECT_EQ(percent_encoded(name), spelling);
    EXPECT_EQ(percent_decoded(spelling), name) << spelling;
  }
}

TEST(Percent, DecodesWhatListingsDoNotShow) {
  EXPECT_EQ(percent_decoded("a%2fb"), "a/b");
  EXPECT_EQ(percent_decoded("%61%2E"), "a.");
  EXPECT_EQ(percent_decoded("a\n"), "a\n");
  EXPECT_EQ(percent_decoded("%ff"), "\xFF");
}

TEST(Percent, RefusesWhatIsNoSpelling) {
  for (const std::string& text :
       {""s, "."s, ".."s, "a/b"s, "a\0"s, "%2"s, "a%"s, "%%"s, "%g0"s, "%0g"s, "% 1"s, "%-1"s, "a%2"s, "%+1"s}) {
    EXPECT_EQ(percent_decoded(text), std::nullopt) << testing::PrintToString(text);
  }
}

TEST(Percent, FileNamesHaveAtMost255Bytes) {
  EXPECT_EQ(percent_encoded(std::string(255, 'a')), std::string(255, 'a'));
  EXPECT_EQ(percent_encoded(std::string(256, 'a')), std::nullopt);
  EXPECT_TRUE(percent_encoded(std::string(85, '/')));
  EXPECT_EQ(percent_encoded(std::string(86, '/')), std::nullopt);
  EXPECT_TRUE(percent_decoded(std::string(255, 'a')));
  EXPECT_EQ(percent_decoded(std::string(256, 'a')), std::nullopt);
}

TEST(Percent, EveryNameOfTwoBytesRoundTrips) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string name = {static_cast<char>(first), static_cast<char>(second)};
      const auto spelling = percent_encoded(name);
      ASSERT_TRUE(spelling);
      ASSERT_EQ(spelling->find_first_of("/\0"s), std::string::npos);
      ASSERT_EQ(percent_decoded(*spelling), name) << *spelling;
    }
  }
}

}  // namespace
}  // namespace npyfs
