// Hashes of numbers.
#pragma once

#include <cstdint>

namespace npyfs {

// The finaliser of splitmix64 (Steele, Lea, Flood 2014): every bit of the result depends on every bit of `bits`. A
// bijection, so two different numbers never get the same hash.
constexpr std::uint64_t mix(std::uint64_t bits) {
  bits += 0x9E3779B97F4A7C15u;
  bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9u;
  bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBu;
  return bits ^ (bits >> 31);
}

// The hash of a pair. The order matters.
constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  return mix(mix(a) ^ b);
}

}  // namespace npyfs
