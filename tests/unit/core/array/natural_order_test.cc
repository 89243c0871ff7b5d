#include "core/array/natural_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace npyfs {
namespace {

const std::vector<std::string> kNames = {"",
                                         "-1.npy",
                                         "0.npy",
                                         "00.npy",
                                         "01.npy",
                                         "1.npy",
                                         "1a.npy",
                                         "2.npy",
                                         "09.npy",
                                         "9.npy",
                                         "10.npy",
                                         "99999999999999999999998.npy",
                                         "99999999999999999999999.npy",
                                         "100000000000000000000000.npy",
                                         "a.npy",
                                         "a-1.npy",
                                         "a-1-9.npy",
                                         "a-1-10.npy",
                                         "a9b1.npy",
                                         "a9b2.npy",
                                         "a10b1.npy",
                                         "b",
                                         "\xc3\xa9.npy"};

TEST(NaturalOrder, NumbersAreComparedAsNumbersAndTheRestByItsBytes) {
  EXPECT_TRUE(is_naturally_before("part-9.npy", "part-10.npy"));
  EXPECT_TRUE(is_naturally_before("007", "07"));
  EXPECT_TRUE(is_naturally_before("07", "7"));
  EXPECT_TRUE(is_naturally_before("7", "007a"));
  EXPECT_TRUE(is_naturally_before("a", "a0"));
  EXPECT_TRUE(is_naturally_before("99999999999999999999998", "99999999999999999999999"));
  EXPECT_TRUE(is_naturally_before("99999999999999999999999", "100000000000000000000000"));
  EXPECT_TRUE(is_naturally_before("z", "\xc3\xa9")) << "bytes are not signed";
}

TEST(NaturalOrder, IsAStrictTotalOrder) {
  for (const auto& a : kNames) {
    EXPECT_FALSE(is_naturally_before(a, a));
    for (const auto& b : kNames) {
      EXPECT_EQ(is_naturally_before(a, b) || is_naturally_before(b, a), a != b) << a << " " << b;
      for (const auto& c : kNames) {
        const bool is_chain = is_naturally_before(a, b) && is_naturally_before(b, c);
        EXPECT_TRUE(!is_chain || is_naturally_before(a, c)) << a << " " << b << " " << c;
      }
    }
  }
}

TEST(NaturalOrder, OfAnyOrderMakesOne) {
  std::vector<std::string> sorted;
  for (int i = 0; i < 1200; ++i) sorted.push_back("part-" + std::to_string(i) + ".npy");
  std::vector<std::string> names = sorted;
  std::ranges::shuffle(names, std::mt19937(7));
  std::ranges::sort(names, is_naturally_before);
  EXPECT_EQ(names, sorted);
}

}  // namespace
}  // namespace npyfs
