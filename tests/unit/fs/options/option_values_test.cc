#include "fs/options/option_values.h"

#include <gtest/gtest.h>

namespace npyfs {
namespace {

TEST(WholeNumber, NothingAroundIt) {
  EXPECT_EQ(whole_number("0"), 0u);
  EXPECT_EQ(whole_number("007"), 7u);
  EXPECT_EQ(whole_number("18446744073709551615"), 18446744073709551615u);
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "1x", "0x10", "1.5", "18446744073709551616"}) {
    EXPECT_FALSE(whole_number(text)) << text;
  }
}

TEST(CountOf, FromOneToItsLimit) {
  EXPECT_EQ(count_of("--chunks", "1", 16), 1u);
  EXPECT_EQ(count_of("--chunks", "16", 16), 16u);
  for (const char* text : {"0", "17", "x\n"}) {
    const auto refused = count_of("--chunks", text, 16);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_EQ(refused.error().subject, "--chunks");
  }
  EXPECT_EQ(to_message(count_of("chunks", "x\n", 16).error()), "chunks: 'x\\n' is no whole number from 1 to 16");
}

}  // namespace
}  // namespace npyfs
