#include "core/writing/unwritten_bytes.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <string>

namespace npyfs {
namespace {

constexpr std::uint64_t kSize = 40;

// The bytes of a view: '.' where nothing was written, '0' for a zero.
std::string filled(UnwrittenBytes& unwritten, std::string bytes) {
  EXPECT_TRUE(unwritten.fill({0, 1 << 20}, [&](Extent extent) {
    bytes.replace(extent.offset, extent.size, extent.size, '0');
    return Result<void>();
  }));
  return bytes;
}

TEST(UnwrittenBytes, AreNoneWithoutATruncation) {
  UnwrittenBytes unwritten;
  unwritten.note_write({3, 4});
  EXPECT_EQ(filled(unwritten, "........"), "........");
}

TEST(UnwrittenBytes, AreThoseOfTheBodyThatNobodyWrote) {
  UnwrittenBytes unwritten;
  unwritten.truncate({2, 6}, 1);
  unwritten.note_write({0, 3});
  unwritten.note_write({5, 1});
  unwritten.note_write({9, 100});
  EXPECT_EQ(filled(unwritten, "........"), "...00.00");
  EXPECT_EQ(filled(unwritten, "........"), "........") << "once";
}

TEST(UnwrittenBytes, AreRightForAnyOrderOfWrites) {
  std::mt19937 numbers(1);
  for (int round = 0; round < 2000; ++round) {
    UnwrittenBytes unwritten;
    unwritten.truncate({5, kSize - 5}, 1);
    std::string expected = "....." + std::string(kSize - 5, '0');
    for (auto writes = numbers() % 12; writes > 0; --writes) {
      const Extent extent{numbers() % kSize, numbers() % 9};
      unwritten.note_write(extent);
      for (std::uint64_t i = extent.offset; i < std::min(extent.end(), kSize); ++i) expected[i] = '.';
    }
    ASSERT_EQ(filled(unwritten, std::string(kSize, '.')), expected) << round;
  }
}

TEST(UnwrittenBytes, StayWhereZerosCannotBeWritten) {
  UnwrittenBytes unwritten;
  unwritten.truncate({0, 4}, 1);
  unwritten.note_write({1, 1});
  const auto full = unwritten.fill({0, kSize}, [](Extent extent) -> Result<void> {
    if (extent.offset == 0) return {};
    return std::unexpected(Error{ErrorKind::kSystem, "a.npy", "no room", ENOSPC});
  });
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().os_error, ENOSPC);
  EXPECT_EQ(filled(unwritten, "...."), "..00");
}

TEST(UnwrittenBytes, AreTakenBackByARefusalOfWhoTruncatedAlone) {
  UnwrittenBytes alone;
  alone.truncate({0, 4}, 1);
  alone.note_refusal(2);
  alone.truncate({0, 4}, 1);
  alone.note_refusal(1);
  EXPECT_EQ(filled(alone, "...."), "....");

  UnwrittenBytes written;
  written.truncate({0, 4}, 1);
  written.note_write({0, 1});
  written.note_refusal(1);
  EXPECT_EQ(filled(written, "...."), ".000");

  UnwrittenBytes two;
  two.truncate({0, 4}, 1);
  two.truncate({0, 4}, 2);
  two.note_refusal(2);
  EXPECT_EQ(filled(two, "...."), "0000") << "the first one was promised zeros";
}

TEST(UnwrittenBytes, AreFilledOnlyWhereTheyAreWanted) {
  UnwrittenBytes unwritten;
  unwritten.truncate({0, 12}, 1);
  unwritten.note_write({5, 2});
  std::string bytes(12, '.');
  const auto write_zeros = [&](Extent extent) {
    bytes.replace(extent.offset, extent.size, extent.size, '0');
    return Result<void>();
  };
  EXPECT_TRUE(unwritten.fill({3, 6}, write_zeros));
  EXPECT_EQ(bytes, "...00..00...");
  EXPECT_TRUE(unwritten.fill({20, 6}, write_zeros));
  EXPECT_EQ(filled(unwritten, bytes), "00000..00000") << "each once";
}

TEST(UnwrittenBytes, AreNotRememberedWithoutBound) {
  UnwrittenBytes unwritten;
  unwritten.truncate({0, 1 << 20}, 1);
  std::size_t filled_gaps = 0;
  const auto count = [&](Extent) {
    ++filled_gaps;
    return Result<void>();
  };
  for (std::uint64_t i = 0; i < UnwrittenBytes::kMaxGaps + 10; ++i) {
    unwritten.note_write({2 * i + 1, 1});
    EXPECT_TRUE(unwritten.fill_surplus(count));
    EXPECT_EQ(filled_gaps, i + 1 < UnwrittenBytes::kMaxGaps ? 0 : i + 2 - UnwrittenBytes::kMaxGaps) << i;
    if (filled_gaps > 10) break;
  }
}

TEST(UnwrittenBytes, AreKeptForWhoReadsBeforeAnythingIsWritten) {
  UnwrittenBytes unwritten;
  unwritten.truncate({2, 6}, 1);
  unwritten.keep_rows(2);
  EXPECT_EQ(unwritten.kept_bytes(), 0u) << "another opener";
  EXPECT_TRUE(unwritten.may_take_back(1));
  unwritten.keep_rows(1);
  EXPECT_EQ(filled(unwritten, "........"), "........");
  unwritten.note_write({2, 4});
  EXPECT_EQ(unwritten.kept_bytes(), 2u);
  unwritten.note_write({6, 2});
  EXPECT_EQ(unwritten.kept_bytes(), 0u);
  unwritten.truncate({2, 6}, 1);
  unwritten.note_write({2, 1});
  unwritten.keep_rows(1);
  EXPECT_EQ(filled(unwritten, "........"), "...00000") << "something was written before";
}

TEST(UnwrittenBytes, NeverCountsAGapThatIsKeptAsWritten) {
  UnwrittenBytes unwritten;
  const std::uint64_t size = 4 * UnwrittenBytes::kMaxGaps;
  unwritten.truncate({0, size}, 1);
  unwritten.keep_rows(1);
  for (std::uint64_t offset = 1; offset < size; offset += 2) {
    unwritten.note_write({offset, 1});
    ASSERT_TRUE(unwritten.fill_surplus([](Extent) -> Result<void> { return std::unexpected(Error{}); }));
  }
  EXPECT_GE(unwritten.kept_bytes(), size / 2);
}

}  // namespace
}  // namespace npyfs
