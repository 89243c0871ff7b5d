#include "core/writing/range_locks.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <latch>
#include <optional>
#include <thread>
#include <vector>

#include "core/slice/array_split.h"

namespace npyfs {
namespace {

// Larger than the number of any process (PID_MAX_LIMIT of Linux is 2^22).
constexpr pid_t kFirst = (1 << 22) + 77;
constexpr pid_t kSecond = kFirst + 1;
constexpr pid_t kThird = kFirst + 2;

constexpr Extent kArray{128, 9 * 9 * 8};

Selection whole_array() {
  return Selection::whole(Shape{9, 9});
}

Selection selection_of(const AxisIndex& rows, std::size_t axis = 0) {
  Selection selection = whole_array();
  selection.take(axis, rows);
  return selection;
}

LockedRange range(const Selection& selection) {
  return {.device = 1, .inode = 2, .version = 3, .array = kArray, .selection = selection};
}

LockedRange rows(RowRange rows, std::size_t axis = 0) {
  return range(selection_of(axis_range(rows.start, rows.stop), axis));
}

LockedRange whole_file() {
  return {.device = 1, .inode = 2, .version = 3, .array = kArray, .selection = {}};
}

RangeLock lock_rows(NodeId view, RowRange range) {
  return {.view = view,
          .ranges = {rows(range)},
          .path = "a.npy",
          .description = fmt::format("rows {} to {}", range.start, range.stop)};
}

RangeLock lock_whole_file(NodeId view) {
  return {.view = view, .ranges = {whole_file()}, .path = "a.npy", .description = "source.npy"};
}

// A field of an item of 8 bytes, of the numbers in a subarray of 2.
Selection with_field(Selection selection, std::uint32_t number) {
  selection.take_field({.number = number, .offset = number * 4, .itemsize = 2, .ndim = 1}, Shape{2});
  return selection;
}

TEST(Overlap, OfRowsOfOneAxisIsThatOfTheirRanges) {
  for (std::uint64_t a = 0; a < 5; ++a) {
    for (std::uint64_t b = a; b < 5; ++b) {
      for (std::uint64_t c = 0; c < 5; ++c) {
        for (std::uint64_t d = c; d < 5; ++d) {
          bool shared = false;
          for (std::uint64_t row = 0; row < 5; ++row) shared = shared || (a <= row && row < b && c <= row && row < d);
          EXPECT_EQ(overlap(rows({a, b}), rows({c, d})), shared) << a << b << c << d;
        }
      }
    }
  }
}

TEST(Overlap, OfRowsOfTwoAxesIsEverywhere) {
  EXPECT_TRUE(overlap(rows({0, 1}, 0), rows({5, 6}, 1)));
  EXPECT_FALSE(overlap(rows({0, 1}, 0), rows({5, 5}, 1))) << "no rows";
}

TEST(Overlap, OfTheWholeFileIsEverywhere) {
  EXPECT_TRUE(overlap(whole_file(), whole_file()));
  EXPECT_TRUE(overlap(whole_file(), rows({5, 6})));
  EXPECT_TRUE(overlap(rows({5, 6}), whole_file()));
  EXPECT_FALSE(overlap(whole_file(), rows({5, 5})));
  EXPECT_TRUE(overlap(whole_file(), range(with_field(whole_array(), 1))));
  LockedRange other = rows({0, 1});
  other.version = 4;
  EXPECT_TRUE(overlap(whole_file(), other));
  other.array = {5000, 648};
  EXPECT_TRUE(overlap(whole_file(), other)) << "of an array that lies elsewhere in the file";
}

TEST(Overlap, OfRowsCountedByTwoHeadersIsEverywhere) {
  LockedRange other = rows({5, 6});
  other.version = 4;
  EXPECT_TRUE(overlap(rows({0, 1}), other));
  other.selection = selection_of(axis_range(5, 5));
  EXPECT_FALSE(overlap(rows({0, 1}), other)) << "no rows";
}

TEST(Overlap, IsWithinOneSource) {
  LockedRange other = whole_file();
  other.inode = 9;
  EXPECT_FALSE(overlap(whole_file(), other));
  other = whole_file();
  other.device = 9;
  EXPECT_FALSE(overlap(whole_file(), other));
}

TEST(Overlap, OfEvenAndOddRowsIsNone) {
  const auto even = range(selection_of(axis_progression(0, 5, 2)));
  const auto odd = range(selection_of(axis_progression(1, 4, 2)));
  const auto odd_backwards = range(selection_of(axis_progression(7, 4, -2)));
  EXPECT_FALSE(overlap(even, odd));
  EXPECT_FALSE(overlap(even, odd_backwards));
  EXPECT_TRUE(overlap(odd, odd_backwards));
  EXPECT_TRUE(overlap(even, range(selection_of(axis_progression(0, 3, 3))))) << "row 0 and row 6";
  EXPECT_FALSE(overlap(range(selection_of(axis_progression(2, 2, 2))), range(selection_of(axis_progression(0, 3, 3)))))
      << "rows 2 and 4; rows 0, 3 and 6";
  EXPECT_TRUE(overlap(even, range(selection_of(single_index(4)))));
  EXPECT_FALSE(overlap(odd, range(selection_of(single_index(4)))));
}

TEST(Overlap, OfBlocksIsWhereTheyMeetOnEveryAxis) {
  const auto block = [](RowRange first, RowRange second) {
    Selection selection = selection_of(axis_range(first.start, first.stop));
    selection.take(1, axis_range(second.start, second.stop));
    return range(selection);
  };
  EXPECT_TRUE(overlap(block({0, 5}, {0, 5}), block({4, 9}, {4, 9})));
  EXPECT_FALSE(overlap(block({0, 5}, {0, 5}), block({4, 9}, {5, 9})));
  EXPECT_FALSE(overlap(block({0, 5}, {0, 5}), block({5, 9}, {4, 9})));
}

TEST(Overlap, OfTwoFieldsIsNone) {
  const auto x = with_field(whole_array(), 0);
  const auto y = with_field(whole_array(), 1);
  EXPECT_FALSE(overlap(range(x), range(y)));
  EXPECT_TRUE(overlap(range(x), range(x)));
  EXPECT_TRUE(overlap(range(x), range(whole_array())));
  EXPECT_TRUE(overlap(rows({0, 1}), range(y)));
  EXPECT_FALSE(overlap(rows({0, 5}), range(with_field(selection_of(axis_range(5, 9)), 0))));
  Selection first = y;
  first.take(2, single_index(0));
  Selection second = y;
  second.take(2, single_index(1));
  EXPECT_FALSE(overlap(range(first), range(second))) << "of the field's own axis";
  EXPECT_TRUE(overlap(range(first), range(y)));
}

TEST(Overlap, OfTwoArraysInOneFileIsThatOfTheirExtents) {
  const auto at = [](Extent extent) {
    LockedRange moved = rows({0, 1});
    moved.array = extent;
    return moved;
  };
  EXPECT_FALSE(overlap(at({128, 648}), at({776, 648}))) << "one behind the other";
  EXPECT_FALSE(overlap(at({776, 648}), at({128, 648})));
  EXPECT_TRUE(overlap(at({128, 648}), at({775, 648})));
  EXPECT_TRUE(overlap(at({128, 648}), at({128, 640})));
  LockedRange other_rows = at({128, 640});
  other_rows.selection = selection_of(axis_range(5, 6));
  EXPECT_TRUE(overlap(at({128, 648}), other_rows)) << "rows of two sizes of an array cannot be compared";
}

TEST(RangeLocks, GiveARowToOneViewAtATime) {
  RangeLocks locks;
  {
    const auto first = locks.lock(lock_rows(1, {0, 5}), Opening::kForReadingAndWriting, kFirst);
    ASSERT_TRUE(first);
    const auto second = locks.lock(lock_rows(2, {4, 9}), Opening::kForReadingAndWriting, kSecond);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::kBusy);
    EXPECT_EQ(to_message(second.error()),
              fmt::format("a.npy: rows 4 to 9 overlaps rows 0 to 5, which process {} has open for writing", kFirst));
    EXPECT_TRUE(locks.lock(lock_rows(3, {5, 9}), Opening::kForReadingAndWriting, kSecond)) << "its neighbour";
  }
  EXPECT_TRUE(locks.lock(lock_rows(2, {4, 9}), Opening::kForReadingAndWriting, kSecond));
}

TEST(RangeLocks, AreSharedByAllWhoOpenTheSameView) {
  RangeLocks locks;
  std::optional<RangeLocks::Share> first = *locks.lock(lock_rows(1, {0, 5}), Opening::kForReadingAndWriting, kFirst);
  std::optional<RangeLocks::Share> second = *locks.lock(lock_rows(1, {0, 5}), Opening::kForReadingAndWriting, kSecond);
  EXPECT_THAT(locks.views(), testing::ElementsAre(1));
  first.reset();
  EXPECT_TRUE(locks.is_locked(1));
  const auto other = locks.lock(lock_whole_file(2), Opening::kForReadingAndWriting, kThird);
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().sentence, testing::HasSubstr(fmt::format("process {}", kSecond)));
  second.reset();
  EXPECT_FALSE(locks.is_locked(1));
  EXPECT_TRUE(locks.lock(lock_whole_file(2), Opening::kForReadingAndWriting, kThird));
}

TEST(RangeLocks, OfAViewThatAllHaveClosedMayEndAtAnyMoment) {
  RangeLocks locks;
  std::optional<RangeLocks::Share> first = *locks.lock(lock_rows(1, {0, 5}), Opening::kForReadingAndWriting, kFirst);
  std::optional<RangeLocks::Share> second = *locks.lock(lock_rows(1, {0, 5}), Opening::kForReadingAndWriting, kSecond);
  locks.note_close(1);
  EXPECT_EQ(locks.lock(lock_whole_file(2), Opening::kForReadingAndWriting, kThird).error().kind, ErrorKind::kBusy)
      << "one has it open";
  locks.note_close(1);
  EXPECT_EQ(locks.lock(lock_whole_file(2), Opening::kForReadingAndWriting, kThird).error().kind, ErrorKind::kReleasing);
  first.reset();
  const auto third = locks.lock(lock_rows(1, {0, 5}), Opening::kForReadingAndWriting, kThird);
  ASSERT_TRUE(third);
  EXPECT_EQ(locks.lock(lock_whole_file(2), Opening::kForReadingAndWriting, kThird).error().kind, ErrorKind::kBusy)
      << "opened anew";
}

TEST(RangeLocks, LetWritersPastThePagesWhileNobodyCanHaveMappedThem) {
  RangeLocks locks;
  std::optional<RangeLocks::Share> first = *locks.lock(lock_rows(1, {0, 5}), Opening::kForWriting, kFirst);
  std::optional<RangeLocks::Share> second = *locks.lock(lock_rows(1, {0, 5}), Opening::kForWriting, kSecond);
  EXPECT_EQ(first->path(), WritePath::kDirect);
  EXPECT_EQ(second->path(), WritePath::kDirect);
  const auto mapping = locks.lock(lock_rows(1, {0, 5}), Opening::kForReadingAndWriting, kThird);
  ASSERT_FALSE(mapping);
  EXPECT_EQ(mapping.error().kind, ErrorKind::kReleasing) << "it may wait";
  EXPECT_THAT(mapping.error().sentence,
              testing::HasSubstr(fmt::format("while process {} has it open for writing alone", kFirst)));
  first.reset();
  second.reset();
  std::optional<RangeLocks::Share> mapped = *locks.lock(lock_rows(1, {0, 5}), Opening::kForReadingAndWriting, kThird);
  EXPECT_EQ(mapped->path(), WritePath::kCached);
  std::optional<RangeLocks::Share> third = *locks.lock(lock_rows(1, {0, 5}), Opening::kForWriting, kThird);
  EXPECT_EQ(third->path(), WritePath::kCached);
  mapped.reset();
  EXPECT_EQ(locks.lock(lock_rows(1, {0, 5}), Opening::kForWriting, kThird)->path(), WritePath::kCached)
      << "as the third, with whom it shares the pages";
  EXPECT_TRUE(locks.lock(lock_rows(1, {0, 5}), Opening::kForReadingAndWriting, kThird));
}

TEST(RangeLocks, NameTheProcessOfAThread) {
  RangeLocks locks;
  std::latch done(1);
  std::promise<pid_t> id;
  std::jthread other([&] {
    id.set_value(::gettid());
    done.wait();
  });
  const auto held = locks.lock(lock_rows(1, {0, 5}), Opening::kForWriting, id.get_future().get());
  const auto refused = locks.lock(lock_whole_file(2), Opening::kForWriting, 1);
  done.count_down();
  EXPECT_THAT(refused.error().sentence, testing::HasSubstr(fmt::format("process {} ", ::getpid())));
}

TEST(RangeLocks, OfAViewInTwoFilesAreOnBoth) {
  RangeLocks locks;
  RangeLock both = lock_rows(1, {0, 5});
  both.ranges.push_back(rows({0, 5}));
  both.ranges.back().inode = 9;
  const auto held = locks.lock(both, Opening::kForWriting, kFirst);
  RangeLock other = lock_rows(2, {4, 9});
  EXPECT_FALSE(locks.lock(other, Opening::kForWriting, kSecond));
  other.ranges.front().inode = 9;
  EXPECT_FALSE(locks.lock(other, Opening::kForWriting, kSecond));
  other.ranges.front().inode = 10;
  EXPECT_TRUE(locks.lock(other, Opening::kForWriting, kSecond));
}

TEST(RangeLocks, OfAViewWithoutBytesAreInNobodysWay) {
  RangeLocks locks;
  RangeLock nothing = lock_rows(1, {0, 0});
  nothing.ranges.clear();
  const auto held = locks.lock(nothing, Opening::kForWriting, kFirst);
  ASSERT_TRUE(held);
  EXPECT_TRUE(locks.is_locked(1));
  EXPECT_TRUE(locks.lock(lock_whole_file(2), Opening::kForWriting, kSecond));
}

TEST(RangeLocks, AreNeverHeldTwice) {
  RangeLocks locks;
  std::atomic<int> owners = 0;
  std::vector<std::jthread> threads;
  for (NodeId view = 1; view <= 4; ++view) {
    threads.emplace_back([&, view] {
      for (int i = 0; i < 2000; ++i) {
        const auto share = locks.lock(lock_rows(view, {view, view + 4}), Opening::kForReadingAndWriting, 1);
        if (!share) continue;
        EXPECT_EQ(++owners, 1);
        --owners;
      }
    });
  }
}

}  // namespace
}  // namespace npyfs
