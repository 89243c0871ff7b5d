#include "core/slice/padding.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/padded_bytes.h"

namespace npyfs {
namespace {

struct Box {
  std::uint64_t itemsize;
  std::vector<std::uint64_t> shape;
  std::vector<std::uint64_t> padded;
};

const std::vector<Box> kBoxes = {
    {1, {}, {}},
    {3, {4}, {4}},
    {3, {4}, {7}},
    {2, {2, 3}, {2, 3}},
    {2, {2, 3}, {3, 3}},
    {2, {2, 3}, {2, 5}},
    {2, {2, 3}, {4, 5}},
    {1, {1, 1}, {4, 4}},
    {1, {2, 3, 2}, {3, 3, 4}},
    {1, {2, 3, 2}, {3, 5, 2}},
    {1, {2, 2, 3}, {2, 3, 3}},
    {1, {2, 1, 2, 2}, {3, 1, 3, 2}},
    {1, {1, 2, 1, 2}, {2, 2, 2, 3}},
    {2, {2, 2, 2, 1, 2}, {2, 3, 2, 2, 2}},
};

std::string taken(const Padding& padding, const std::string& items, std::uint64_t offset, std::uint64_t size) {
  std::string bytes;
  padding.visit(offset, size, [&](Extent part, std::uint64_t zeros) {
    EXPECT_LE(part.end(), items.size());
    bytes += items.substr(part.offset, part.size) + std::string(zeros, '\0');
  });
  return bytes;
}

TEST(Padding, EveryPartIsThatOfThePlainModel) {
  for (const auto& [itemsize, shape, padded] : kBoxes) {
    for (const bool fortran_order : {false, true}) {
      const std::string items = pattern_bytes(TestArray{.itemsize = itemsize, .shape = shape}.data_size());
      const std::string expected = padded_bytes(items, itemsize, shape, padded, fortran_order);
      const Padding padding(itemsize, shape, padded, fortran_order);
      ASSERT_EQ(padding.size(), expected.size());
      for (std::uint64_t offset = 0; offset <= expected.size(); ++offset) {
        for (std::uint64_t size = 0; offset + size <= expected.size(); ++size) {
          ASSERT_EQ(taken(padding, items, offset, size), expected.substr(offset, size)) << offset << "+" << size;
        }
      }
    }
  }
}

TEST(Padding, CountsTheItemsBeforeAByte) {
  for (const auto& [itemsize, shape, padded] : kBoxes) {
    // Items that have no zero bytes: each byte of the model that is not zero is one of them.
    const std::string items(TestArray{.itemsize = itemsize, .shape = shape}.data_size(), 'x');
    const std::string expected = padded_bytes(items, itemsize, shape, padded, false);
    const Padding padding(itemsize, shape, padded, false);
    std::uint64_t before = 0;
    for (std::uint64_t end = 0; end <= expected.size(); ++end) {
      if (end > 0 && expected[end - 1] == 'x') ++before;
      ASSERT_EQ(padding.items_before(end), before) << end;
    }
  }
}

TEST(Padding, VisitsNoMoreThanOncePerBlock) {
  for (const auto& [itemsize, shape, padded] : kBoxes) {
    const Padding padding(itemsize, shape, padded, false);
    std::uint64_t visits = 0;
    padding.visit(0, padding.size(), [&](Extent, std::uint64_t) { ++visits; });
    EXPECT_LE(visits, padding.size() / padding.block_size() + 2);
  }
}

TEST(Padding, IsFoundInClosedForm) {
  constexpr std::uint64_t kMany = std::uint64_t{1} << 20;
  const Padding padding(8, std::vector<std::uint64_t>{kMany - 1, kMany - 1}, std::vector<std::uint64_t>{kMany, kMany},
                        false);
  EXPECT_EQ(padding.size(), 8 * kMany * kMany);
  padding.visit(8 * (kMany * (kMany / 2) + 5), 8, [&](Extent part, std::uint64_t zeros) {
    EXPECT_EQ(part.offset, 8 * ((kMany - 1) * (kMany / 2) + 5));
    EXPECT_EQ(part.size, 8u);
    EXPECT_EQ(zeros, 0u);
  });
  EXPECT_EQ(padding.items_before(padding.size()), 8 * (kMany - 1) * (kMany - 1));
}

}  // namespace
}  // namespace npyfs
