#include "core/writing/range_locks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <future>
#include <latch>
#include <optional>
#include <thread>
#include <vector>

namespace npyfs {
namespace {

Claim rows(NodeId view, RowRange range, std::uint8_t axis = 0) {
  return {.view = view,
          .device = 1,
          .inode = 2,
          .version = 3,
          .has_bytes = range.size() > 0,
          .axis = axis,
          .rows = range,
          .path = "a.npy",
          .description = fmt::format("rows {} to {}", range.start, range.stop)};
}

Claim whole_file(NodeId view) {
  Claim claim = rows(view, {0, 1});
  claim.is_whole_file = true;
  claim.description = "source.npy";
  return claim;
}

TEST(Overlap, OfRowsOfOneAxisIsThatOfTheirRanges) {
  for (std::uint64_t a = 0; a < 5; ++a) {
    for (std::uint64_t b = a; b < 5; ++b) {
      for (std::uint64_t c = 0; c < 5; ++c) {
        for (std::uint64_t d = c; d < 5; ++d) {
          bool shared = false;
          for (std::uint64_t row = 0; row < 5; ++row) shared = shared || (a <= row && row < b && c <= row && row < d);
          EXPECT_EQ(overlap(rows(1, {a, b}), rows(2, {c, d})), shared) << a << b << c << d;
        }
      }
    }
  }
}

TEST(Overlap, OfRowsOfTwoAxesIsEverywhere) {
  EXPECT_TRUE(overlap(rows(1, {0, 1}, 0), rows(2, {5, 6}, 1)));
  EXPECT_FALSE(overlap(rows(1, {0, 1}, 0), rows(2, {5, 5}, 1))) << "no rows";
}

TEST(Overlap, OfTheWholeFileIsEverywhere) {
  EXPECT_TRUE(overlap(whole_file(1), rows(2, {5, 6})));
  EXPECT_TRUE(overlap(rows(2, {5, 6}), whole_file(1)));
  EXPECT_FALSE(overlap(whole_file(1), rows(2, {5, 5})));
}

TEST(Overlap, OfRowsCountedByTwoHeadersIsEverywhere) {
  Claim other = rows(2, {5, 6});
  other.version = 4;
  EXPECT_TRUE(overlap(rows(1, {0, 1}), other));
}

TEST(Overlap, IsWithinOneSource) {
  Claim other = whole_file(2);
  other.inode = 9;
  EXPECT_FALSE(overlap(whole_file(1), other));
  other = whole_file(2);
  other.device = 9;
  EXPECT_FALSE(overlap(whole_file(1), other));
}

TEST(Claims, GiveARowToOneViewAtATime) {
  Claims claims;
  {
    const auto first = claims.claim(rows(1, {0, 5}), Opening::kForReadingAndWriting, 77);
    ASSERT_TRUE(first);
    const auto second = claims.claim(rows(2, {4, 9}), Opening::kForReadingAndWriting, 88);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::kBusy);
    EXPECT_EQ(to_message(second.error()),
              "a.npy: rows 4 to 9 overlaps rows 0 to 5, which process 77 has open for writing");
    EXPECT_TRUE(claims.claim(rows(3, {5, 9}), Opening::kForReadingAndWriting, 88)) << "its neighbour";
  }
  EXPECT_TRUE(claims.claim(rows(2, {4, 9}), Opening::kForReadingAndWriting, 88));
}

TEST(Claims, AreSharedByAllWhoOpenTheSameView) {
  Claims claims;
  std::optional<Claims::Ticket> first = *claims.claim(rows(1, {0, 5}), Opening::kForReadingAndWriting, 77);
  std::optional<Claims::Ticket> second = *claims.claim(rows(1, {0, 5}), Opening::kForReadingAndWriting, 88);
  EXPECT_THAT(claims.views(), testing::ElementsAre(1));
  first.reset();
  EXPECT_TRUE(claims.is_claimed(1));
  const auto other = claims.claim(whole_file(2), Opening::kForReadingAndWriting, 99);
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().sentence, testing::HasSubstr("process 88"));
  second.reset();
  EXPECT_FALSE(claims.is_claimed(1));
  EXPECT_TRUE(claims.claim(whole_file(2), Opening::kForReadingAndWriting, 99));
}

TEST(Claims, OfAViewThatAllHaveClosedMayEndAtAnyMoment) {
  Claims claims;
  std::optional<Claims::Ticket> first = *claims.claim(rows(1, {0, 5}), Opening::kForReadingAndWriting, 77);
  std::optional<Claims::Ticket> second = *claims.claim(rows(1, {0, 5}), Opening::kForReadingAndWriting, 78);
  claims.note_close(1);
  EXPECT_EQ(claims.claim(whole_file(2), Opening::kForReadingAndWriting, 99).error().kind, ErrorKind::kBusy)
      << "one has it open";
  claims.note_close(1);
  EXPECT_EQ(claims.claim(whole_file(2), Opening::kForReadingAndWriting, 99).error().kind, ErrorKind::kReleasing);
  first.reset();
  const auto third = claims.claim(rows(1, {0, 5}), Opening::kForReadingAndWriting, 79);
  ASSERT_TRUE(third);
  EXPECT_EQ(claims.claim(whole_file(2), Opening::kForReadingAndWriting, 99).error().kind, ErrorKind::kBusy)
      << "opened anew";
}

TEST(Claims, LetWritersPastThePagesWhileNobodyCanHaveMappedThem) {
  Claims claims;
  std::optional<Claims::Ticket> first = *claims.claim(rows(1, {0, 5}), Opening::kForWriting, 77);
  std::optional<Claims::Ticket> second = *claims.claim(rows(1, {0, 5}), Opening::kForWriting, 78);
  EXPECT_EQ(first->path(), WritePath::kPastPages);
  EXPECT_EQ(second->path(), WritePath::kPastPages);
  const auto mapping = claims.claim(rows(1, {0, 5}), Opening::kForReadingAndWriting, 79);
  ASSERT_FALSE(mapping);
  EXPECT_EQ(mapping.error().kind, ErrorKind::kReleasing) << "it may wait";
  EXPECT_THAT(mapping.error().sentence, testing::HasSubstr("while process 77 has it open for writing alone"));
  first.reset();
  second.reset();
  std::optional<Claims::Ticket> mapped = *claims.claim(rows(1, {0, 5}), Opening::kForReadingAndWriting, 79);
  EXPECT_EQ(mapped->path(), WritePath::kThroughPages);
  std::optional<Claims::Ticket> third = *claims.claim(rows(1, {0, 5}), Opening::kForWriting, 80);
  EXPECT_EQ(third->path(), WritePath::kThroughPages);
  mapped.reset();
  EXPECT_EQ(claims.claim(rows(1, {0, 5}), Opening::kForWriting, 81)->path(), WritePath::kThroughPages)
      << "as the third, with whom it shares the pages";
  EXPECT_TRUE(claims.claim(rows(1, {0, 5}), Opening::kForReadingAndWriting, 82));
}

TEST(Claims, NameTheProcessOfAThread) {
  Claims claims;
  std::latch done(1);
  std::promise<pid_t> id;
  std::jthread other([&] {
    id.set_value(::gettid());
    done.wait();
  });
  const auto held = claims.claim(rows(1, {0, 5}), Opening::kForWriting, id.get_future().get());
  const auto refused = claims.claim(whole_file(2), Opening::kForWriting, 1);
  done.count_down();
  EXPECT_THAT(refused.error().sentence, testing::HasSubstr(fmt::format("process {} ", ::getpid())));
}

TEST(Claims, AreNeverHeldTwice) {
  Claims claims;
  std::atomic<int> owners = 0;
  std::vector<std::jthread> threads;
  for (NodeId view = 1; view <= 4; ++view) {
    threads.emplace_back([&, view] {
      for (int i = 0; i < 2000; ++i) {
        const auto ticket = claims.claim(rows(view, {view, view + 4}), Opening::kForReadingAndWriting, 1);
        if (!ticket) continue;
        EXPECT_EQ(++owners, 1);
        --owners;
      }
    });
  }
}

}  // namespace
}  // namespace npyfs
