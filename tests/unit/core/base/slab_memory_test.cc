#include "core/base/slab_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory_resource>
#include <random>
#include <unordered_map>
#include <vector>

namespace npyfs {
namespace {

struct Piece {
  unsigned char* address;
  std::size_t size;
  unsigned char filling;

  bool is_whole() const {
    return std::all_of(address, address + size, [&](unsigned char byte) { return byte == filling; });
  }
};

Piece take(SlabMemory& memory, std::size_t size, unsigned char filling) {
  auto* address = static_cast<unsigned char*>(memory.allocate(size));
  std::memset(address, filling, size);
  return {address, size, filling};
}

TEST(SlabMemory, PiecesOfAllSizesAreAlignedAndTheirOwn) {
  SlabMemory memory;
  std::mt19937 random(1);
  std::vector<Piece> pieces;
  for (int step = 0; step < 50'000; ++step) {
    if (pieces.empty() || random() % 5 < 3) {
      pieces.push_back(take(memory, random() % 300 + 1, static_cast<unsigned char>(random())));
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(pieces.back().address) % alignof(std::max_align_t), 0u);
    } else {
      std::swap(pieces[random() % pieces.size()], pieces.back());
      ASSERT_TRUE(pieces.back().is_whole());
      memory.deallocate(pieces.back().address, pieces.back().size);
      pieces.pop_back();
    }
  }
  for (const Piece& piece : pieces) {
    ASSERT_TRUE(piece.is_whole());
    memory.deallocate(piece.address, piece.size);
  }
  EXPECT_EQ(memory.slabs(), 0u);
}

TEST(SlabMemory, ASlabIsGivenBackOnceNothingInItIsInUse) {
  SlabMemory memory;
  std::vector<void*> pieces(10'000);
  for (void*& piece : pieces) piece = memory.allocate(64);
  const std::size_t all = memory.slabs();
  EXPECT_GE(all, 10'000u * 64 / 16'384);
  EXPECT_LE(all, 10'000u * 64 / 16'384 + 2);
  // In the order in which they came: the first half of the slabs is free after the first half of the pieces.
  for (std::size_t i = 0; i < 5'000; ++i) memory.deallocate(pieces[i], 64);
  EXPECT_LE(memory.slabs(), all / 2 + 1);
  for (std::size_t i = 5'000; i < 10'000; ++i) memory.deallocate(pieces[i], 64);
  EXPECT_EQ(memory.slabs(), 0u);
}

TEST(SlabMemory, APieceThatWasGivenBackIsUsedBeforeANewSlabIs) {
  SlabMemory memory;
  std::vector<void*> pieces;
  while (memory.slabs() < 2) pieces.push_back(memory.allocate(32));
  memory.deallocate(pieces.front(), 32);
  memory.deallocate(pieces.back(), 32);
  EXPECT_EQ(memory.slabs(), 1u);
  EXPECT_EQ(memory.allocate(32), pieces.front());
  pieces.pop_back();
  for (void* piece : pieces) memory.deallocate(piece, 32);
}

TEST(SlabMemory, LargePiecesAndGreatAlignmentsTakeNoSlab) {
  SlabMemory memory;
  void* large = memory.allocate(SlabMemory::kLargest + 1);
  void* aligned = memory.allocate(64, 64);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(aligned) % 64, 0u);
  EXPECT_EQ(memory.slabs(), 0u);
  memory.deallocate(large, SlabMemory::kLargest + 1);
  memory.deallocate(aligned, 64, 64);
}

TEST(SlabMemory, ServesATable) {
  SlabMemory memory;
  {
    std::pmr::unordered_map<int, int> table(&memory);
    for (int i = 0; i < 1'000; ++i) table[i] = i;
    EXPECT_GT(memory.slabs(), 0u);
    for (int i = 0; i < 1'000; ++i) ASSERT_EQ(table.at(i), i);
  }
  EXPECT_EQ(memory.slabs(), 0u);
}

}  // namespace
}  // namespace npyfs
