#include "core/base/checked.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace npyfs {
namespace {

template <typename T>
std::optional<T> if_it_fits(int value) {
  if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) return std::nullopt;
  return static_cast<T>(value);
}

template <typename T>
void expect_agreement_with_wider_arithmetic() {
  constexpr int kLeast = std::numeric_limits<T>::min();
  constexpr int kMost = std::numeric_limits<T>::max();
  for (int a = kLeast; a <= kMost; ++a) {
    for (int b = kLeast; b <= kMost; ++b) {
      ASSERT_EQ(checked_add(static_cast<T>(a), static_cast<T>(b)), if_it_fits<T>(a + b)) << a << " + " << b;
      ASSERT_EQ(checked_mul(static_cast<T>(a), static_cast<T>(b)), if_it_fits<T>(a * b)) << a << " * " << b;
    }
  }
}

TEST(Checked, AgreesWithWiderArithmeticForEveryPairOfBytes) {
  expect_agreement_with_wider_arithmetic<std::uint8_t>();
  expect_agreement_with_wider_arithmetic<std::int8_t>();
}

TEST(Checked, KnowsTheEdgesOf64Bits) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  constexpr std::int64_t kMostSigned = std::numeric_limits<std::int64_t>::max();
  static_assert(checked_add(kMost, std::uint64_t{0}) == kMost);
  static_assert(!checked_add(kMost, std::uint64_t{1}));
  static_assert(checked_mul(std::uint64_t{1} << 32, (std::uint64_t{1} << 32) - 1));
  static_assert(!checked_mul(std::uint64_t{1} << 32, std::uint64_t{1} << 32));
  static_assert(checked_mul(std::uint64_t{0}, kMost) == std::uint64_t{0});
  static_assert(!checked_add(kMostSigned, std::int64_t{1}));
  static_assert(!checked_mul(std::int64_t{1} << 62, std::int64_t{2}));
  EXPECT_EQ(checked_mul(kMostSigned, std::int64_t{-1}), -kMostSigned);
}

}  // namespace
}  // namespace npyfs
