#include "fs/serve/cache_policy.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

bool is_direct(CachePolicy policy, bool can_map_direct_io, std::uint64_t size, bool is_generated_anew = false) {
  OpenFile file{1, {whole_file_view(size), nullptr}, {}, is_generated_anew};
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
        .node = 1, .content = {whole_file_view(10), nullptr}, .attributes = {}, .is_generated_anew = false, .doubt = 1};
    fuse_file_info info = {};
    choose_caching(policy, true, file, info);
    EXPECT_EQ(info.direct_io, policy == CachePolicy::kDirectIo);
    EXPECT_FALSE(info.keep_cache);
  }
}

TEST(CachePolicyTest, WhatMayBeWrittenIsReadDirectlyOrFromPagesThatAreNotKept) {
  const TempDirectory directory;
  directory.write("a.npy", npy_bytes({.shape = {9}}));
  const auto root = SourceRoot::open(directory.path(), LeavingLinks::kAreLinks, Users::kOwner);
  const auto mappings = std::make_shared<MappingCache>(std::size_t{1} << 30, 8);
  const auto source = SourceFile::open(*root, "a.npy", SourceRole::kWrittenArray, SourceIo::kPread, mappings);
  const OpenFile file{1, {whole_file_view(200), *source}, {}, false};
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
