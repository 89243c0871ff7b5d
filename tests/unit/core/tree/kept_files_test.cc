#include "core/tree/kept_files.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

using namespace std::chrono_literals;

class KeptFilesTest : public testing::Test {
 protected:
  std::shared_ptr<const SourceFile> source(const std::string& name) {
    directory_.write(name, "0123456789");
    return *SourceFile::open(root_, name, SourceIo::kPread, nullptr);
  }
  static std::shared_ptr<const OpenFile> open_file(NodeId node, const std::shared_ptr<const SourceFile>& source) {
    return std::make_shared<const OpenFile>(OpenFile{node, whole_file_view(source), {}, false});
  }
  static std::shared_ptr<const OpenFile> text(NodeId node, bool is_generated_anew) {
    return std::make_shared<const OpenFile>(OpenFile{node, text_view("hello"), {}, is_generated_anew});
  }
  // Waits until the clock has moved, so that the next use is a later one.
  static void let_time_pass() {
    const auto start = KeptFiles::Clock::now();
    while (KeptFiles::Clock::now() == start) continue;
  }

  const TempDirectory directory_;
  const SourceRoot root_ = std::move(*SourceRoot::open(directory_.path(), Symlinks::kWithinRoot, Users::kOwner));
  KeptFiles kept_{4};
};

TEST_F(KeptFilesTest, AFileIsFoundUntilItIsRemoved) {
  EXPECT_EQ(kept_.find(7), nullptr);
  const auto file = open_file(7, source("a"));
  EXPECT_EQ(kept_.add(file), file);
  EXPECT_EQ(kept_.find(7), file);
  EXPECT_EQ(kept_.source_count(), 1u);
  kept_.remove(7);
  kept_.remove(8);
  EXPECT_EQ(kept_.find(7), nullptr);
  EXPECT_EQ(kept_.source_count(), 0u);
}

TEST_F(KeptFilesTest, OfTwoThatAreOpenedAtOnceTheFirstIsKept) {
  const auto first = open_file(7, source("a"));
  const auto second = open_file(7, source("b"));
  kept_.add(first);
  EXPECT_EQ(kept_.add(second), first);
  EXPECT_EQ(kept_.source_count(), 1u);
}

TEST_F(KeptFilesTest, FilesOfOneSourceNeedOneDescriptor) {
  const auto shared = source("a");
  for (NodeId node = 1; node <= 100; ++node) kept_.add(open_file(node, shared));
  EXPECT_EQ(kept_.source_count(), 1u);
  for (NodeId node = 1; node <= 100; ++node) EXPECT_NE(kept_.find(node), nullptr);
}

TEST_F(KeptFilesTest, TheLeastRecentlyUsedSourcesAreClosed) {
  for (NodeId node = 1; node <= 4; ++node) kept_.add(open_file(node, source(std::to_string(node))));
  let_time_pass();
  EXPECT_NE(kept_.find(1), nullptr);
  const std::size_t descriptors = open_descriptors();
  kept_.add(open_file(5, source("5")));
  EXPECT_EQ(open_descriptors(), descriptors);
  EXPECT_EQ(kept_.source_count(), 4u);
  EXPECT_NE(kept_.find(1), nullptr) << "just used";
  EXPECT_NE(kept_.find(5), nullptr) << "just added";
}

TEST_F(KeptFilesTest, FilesWithoutSourcesAreBoundedToo) {
  for (NodeId node = 1; node <= KeptFiles::kMostFiles; ++node) kept_.add(text(node, false));
  for (NodeId node = 1; node <= KeptFiles::kMostFiles; ++node) EXPECT_NE(kept_.find(node), nullptr);
  kept_.add(text(10'000, false));
  EXPECT_NE(kept_.find(10'000), nullptr);
  std::size_t left = 0;
  for (NodeId node = 1; node <= KeptFiles::kMostFiles; ++node) left += kept_.find(node) ? 1u : 0u;
  EXPECT_EQ(left, KeptFiles::kMostFiles - KeptFiles::kMostFiles / 4);
}

TEST_F(KeptFilesTest, OneFileOfManySourcesIsKept) {
  View view;
  for (const char* name : {"a", "b", "c", "d", "e"}) view.segments.push_back(whole_file_view(source(name)).segments[0]);
  kept_.add(open_file(1, source("f")));
  const auto file = kept_.add(std::make_shared<const OpenFile>(OpenFile{2, std::move(view), {}, false}));
  EXPECT_EQ(kept_.find(2), file);
  EXPECT_EQ(kept_.find(1), nullptr);
  EXPECT_EQ(kept_.source_count(), 5u);
}

TEST_F(KeptFilesTest, WhatIsNotUsedAnyMoreIsClosed) {
  kept_.add(open_file(1, source("a")));
  kept_.add(open_file(2, source("b")));
  let_time_pass();
  const auto deadline = KeptFiles::Clock::now();
  let_time_pass();
  EXPECT_NE(kept_.find(2), nullptr);
  kept_.remove_unused_since(deadline);
  EXPECT_EQ(kept_.find(1), nullptr);
  EXPECT_NE(kept_.find(2), nullptr);
  kept_.remove_unused_since(KeptFiles::Clock::now() + 1s);
  EXPECT_EQ(kept_.source_count(), 0u);
}

TEST_F(KeptFilesTest, ATextThatCannotBeMadeAgainStaysUntilItIsRemoved) {
  kept_.add(text(1, true));
  kept_.remove_unused_since(KeptFiles::Clock::now() + 1s);
  for (NodeId node = 2; node <= KeptFiles::kMostFiles + 2; ++node) kept_.add(text(node, false));
  EXPECT_NE(kept_.find(1), nullptr);
  kept_.remove(1);
  EXPECT_EQ(kept_.find(1), nullptr);
}

}  // namespace
}  // namespace npyfs
