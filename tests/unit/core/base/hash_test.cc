#include "core/base/hash.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>

namespace npyfs {
namespace {

TEST(Mix, IsABijectionOnTheValuesTried) {
  std::set<std::uint64_t> mixed;
  for (std::uint64_t i = 0; i < 10'000; ++i) EXPECT_TRUE(mixed.insert(mix(i)).second);
  EXPECT_NE(mix(1, 2), mix(2, 1));
}

}  // namespace
}  // namespace npyfs
