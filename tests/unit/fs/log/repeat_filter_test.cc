#include "fs/log/repeat_filter.h"

#include <gtest/gtest.h>

namespace npyfs {
namespace {

using namespace std::chrono_literals;

const RepeatFilter::Clock::time_point kStart{1000s};

TEST(RepeatFilter, LetsOneLineAboutAThingPassInEachInterval) {
  RepeatFilter filter(60s, 1);
  EXPECT_EQ(filter.pass(7, kStart), 0u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(filter.pass(7, kStart + 1s), std::nullopt);
  EXPECT_EQ(filter.pass(7, kStart + 59s), std::nullopt);
  EXPECT_EQ(filter.pass(7, kStart + 60s), 1001u) << "how many were left out";
  EXPECT_EQ(filter.pass(7, kStart + 61s), std::nullopt);
  EXPECT_EQ(filter.pass(7, kStart + 200s), 1u);
}

TEST(RepeatFilter, LetsSeveralPassWhereTheyMay) {
  RepeatFilter filter(60s, 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(filter.pass(7, kStart + 1s * i), 0u);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(filter.pass(7, kStart + 59s), std::nullopt);
  EXPECT_EQ(filter.pass(7, kStart + 60s), 5u) << "how many were left out";
  EXPECT_EQ(filter.pass(7, kStart + 60s), 0u);
  EXPECT_EQ(filter.pass(7, kStart + 60s), 0u);
  EXPECT_EQ(filter.pass(7, kStart + 60s), std::nullopt);
}

TEST(RepeatFilter, TellsOfWhatWasLeftOutAfterItHadPassed) {
  RepeatFilter filter(60s, 1);
  EXPECT_EQ(filter.pass(7, kStart), 0u);
  EXPECT_EQ(filter.pass(7, kStart), std::nullopt);
  EXPECT_EQ(filter.pass(7, kStart + 60s), 1u);
  filter.take_back(7, 1);
  EXPECT_EQ(filter.pass(7, kStart + 61s), 2u) << "itself, and the one before it";
  filter.take_back(7 + 256, 5);
  EXPECT_EQ(filter.pass(7, kStart + 121s), 0u) << "another one in its slot";
}

TEST(RepeatFilter, ForgetsWhatHasPassed) {
  RepeatFilter filter(60s, 1);
  EXPECT_EQ(filter.pass(7, kStart), 0u);
  EXPECT_EQ(filter.pass(7, kStart), std::nullopt);
  filter.clear();
  EXPECT_EQ(filter.pass(7, kStart), 0u);
}

TEST(RepeatFilter, OtherThingsPass) {
  RepeatFilter filter(60s, 1);
  for (std::uint64_t thing = 0; thing < 10'000; ++thing) EXPECT_EQ(filter.pass(thing, kStart), 0u) << thing;
}

TEST(RepeatFilter, ThingsThatShareASlotPushEachOtherOut) {
  RepeatFilter filter(60s, 1);
  EXPECT_EQ(filter.pass(1, kStart), 0u);
  EXPECT_EQ(filter.pass(1 + 256, kStart), 0u);
  EXPECT_EQ(filter.pass(1, kStart), 0u);
}

}  // namespace
}  // namespace npyfs
