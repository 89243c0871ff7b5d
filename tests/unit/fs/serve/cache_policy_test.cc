#include "fs/serve/cache_policy.h"

#include <gtest/gtest.h>

namespace npyfs {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

View view_of_size(std::uint64_t size) {
  View view;
  view.segments.push_back({nullptr, nullptr, Runs(Extent{0, size})});
  return view;
}

bool is_direct(CachePolicy policy, bool can_map_direct_io, std::uint64_t size, bool is_generated_anew = false) {
  OpenFile file{1, view_of_size(size), {}, is_generated_anew};
  fuse_file_info info = {};
  choose_caching(policy, can_map_direct_io, file, info);
  EXPECT_NE(info.direct_io, info.keep_cache) << "pages that are kept are always right";
  return info.direct_io;
}

TEST(CachePolicyTest, LargeFilesAreReadDirectlyWhereTheyCanStillBeMapped) {
  EXPECT_FALSE(is_direct(CachePolicy::kAuto, true, 0));
  EXPECT_FALSE(is_direct(CachePolicy::kAuto, true, kMiB - 1));
  EXPECT_TRUE(is_direct(CachePolicy::kAuto, true, kMiB));
  EXPECT_TRUE(is_direct(CachePolicy::kAuto, true, kMiB << 30));
}

TEST(CachePolicyTest, WithoutThatNothingIsOrTheMmapModeOfNumpyFails) {
  EXPECT_FALSE(is_direct(CachePolicy::kAuto, false, 0));
  EXPECT_FALSE(is_direct(CachePolicy::kAuto, false, kMiB << 10));
}

TEST(CachePolicyTest, TheUsersChoiceDecides) {
  for (const bool can_map : {false, true}) {
    for (const std::uint64_t size : {std::uint64_t{0}, kMiB << 10}) {
      EXPECT_TRUE(is_direct(CachePolicy::kDirectIo, can_map, size));
      EXPECT_FALSE(is_direct(CachePolicy::kKernelCache, can_map, size));
    }
  }
}

TEST(CachePolicyTest, TextsThatAreMadeAnewAreNeverCached) {
  for (const auto policy : {CachePolicy::kAuto, CachePolicy::kDirectIo, CachePolicy::kKernelCache}) {
    EXPECT_TRUE(is_direct(policy, false, 10, true));
  }
}

TEST(CachePolicyTest, PagesThatMayBeStaleAreNotKept) {
  for (const auto policy : {CachePolicy::kAuto, CachePolicy::kDirectIo, CachePolicy::kKernelCache}) {
    const OpenFile file{
        .node = 1, .view = view_of_size(10), .attributes = {}, .is_generated_anew = false, .stale_mark = 1};
    fuse_file_info info = {};
    choose_caching(policy, true, file, info);
    EXPECT_EQ(info.direct_io, policy == CachePolicy::kDirectIo);
    EXPECT_FALSE(info.keep_cache);
  }
}

TEST(CachePolicyTest, WhatMayBeWrittenIsReadDirectlyOrFromPagesThatAreNotKept) {
  const OpenFile file{
      .node = 1, .view = view_of_size(200), .attributes = {}, .is_generated_anew = false, .may_be_written = true};
  for (const auto policy : {CachePolicy::kAuto, CachePolicy::kDirectIo, CachePolicy::kKernelCache}) {
    for (const bool can_map_direct_io : {false, true}) {
      fuse_file_info info = {};
      choose_caching(policy, can_map_direct_io, file, info);
      EXPECT_EQ(info.direct_io, can_map_direct_io) << "which is how Linux before 6.6 can map it at all";
      EXPECT_FALSE(info.keep_cache);
    }
  }
}

}  // namespace
}  // namespace npyfs
