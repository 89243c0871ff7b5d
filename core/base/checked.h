// Overflow-checked arithmetic for numbers that come from outside. The result is nullopt if it does not fit into T.
#pragma once

#include <concepts>
#include <optional>

namespace npyfs {

template <std::integral T>
constexpr std::optional<T> checked_add(T a, T b) {
  T sum;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

template <std::integral T>
constexpr std::optional<T> checked_mul(T a, T b) {
  T product;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

}  // namespace npyfs
