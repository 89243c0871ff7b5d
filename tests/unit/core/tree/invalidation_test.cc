#include "core/tree/invalidation.h"

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

namespace npyfs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class ConcernedNodesTest : public testing::Test {
 protected:
  NodeId know(NodeKind kind, const std::string& path, const VirtualPath& at = {}) {
    return nodes_.look_up({.kind = kind, .at = at, .path = std::make_shared<const std::string>(path)});
  }

  std::vector<NodeId> told(const SourceChanges& changes) const {
    std::vector<NodeId> told;
    invalidate_changed(nodes_, changes, [&](NodeId id) {
      told.push_back(id);
      return told.size() < most_;
    });
    return told;
  }
  std::vector<NodeId> told(const std::string& path, bool has_come_or_gone = false) const {
    SourceChanges changes;
    changes.add(path, has_come_or_gone);
    return told(changes);
  }

  Nodes nodes_;
  std::size_t most_ = 1000;
};

TEST_F(ConcernedNodesTest, AFileIsOneNode) {
  const NodeId file = know(NodeKind::kFile, "sub/notes.txt");
  know(NodeKind::kFile, "sub/notes");
  EXPECT_THAT(told("sub/notes.txt"), ElementsAre(file));
  EXPECT_THAT(told("sub/other", true), IsEmpty());
}

TEST_F(ConcernedNodesTest, AnArrayIsAllThatIsBelowIt) {
  const NodeId array = know(NodeKind::kVirtual, "a.npy");
  const NodeId chunks = know(NodeKind::kVirtual, "a.npy", {.name = {.kind = NameKind::kChunks}, .spelling = 1});
  const VirtualName name{.kind = NameKind::kChunk, .first = 3, .second = 16};
  const NodeId chunk = know(NodeKind::kVirtual, "a.npy", {.name = name, .selection = "some rows", .depth = 1});
  const VirtualName info_name{.kind = NameKind::kInfo};
  const NodeId info = know(NodeKind::kVirtual, "a.npy", {.name = info_name});
  const NodeId of_view = know(NodeKind::kVirtual, "a.npy", {.name = info_name, .selection = "some rows", .depth = 1});
  know(NodeKind::kVirtual, "b.npy", {.name = info_name});
  EXPECT_THAT(told("a.npy"), UnorderedElementsAre(array, chunks, chunk, info, of_view));
}

TEST_F(ConcernedNodesTest, WhatIsJoinedFromADirectoryDependsOnItsFilesAndOnItsOwnName) {
  const NodeId directory = know(NodeKind::kDirectory, "sub/shards");
  const NodeId joined = know(NodeKind::kJoined, "sub/shards");
  const NodeId info = know(NodeKind::kJoined, "sub/shards", {.name = {.kind = NameKind::kInfo}});
  const NodeId part = know(NodeKind::kVirtual, "sub/shards/0.npy");
  const NodeId root = know(NodeKind::kJoined, "");
  EXPECT_THAT(told("sub/shards/0.npy"), UnorderedElementsAre(joined, info, part));
  EXPECT_THAT(told("sub/shards/1.npy", true), UnorderedElementsAre(joined, info));
  EXPECT_THAT(told("sub/shards.npy", true), UnorderedElementsAre(joined, info));
  EXPECT_THAT(told("sub/shards/notes"), IsEmpty());
  EXPECT_THAT(told("sub/shards"), UnorderedElementsAre(directory, joined, info));
  EXPECT_THAT(told("1.npy", true), ElementsAre(root));
}

TEST_F(ConcernedNodesTest, NothingBeneathADirectoryThatHasComeOrGoneHolds) {
  const NodeId sub = know(NodeKind::kDirectory, "sub");
  const NodeId file = know(NodeKind::kFile, "sub/a");
  know(NodeKind::kDirectory, "sub0");
  know(NodeKind::kFile, "sub.txt");
  EXPECT_THAT(told("sub"), ElementsAre(sub));
  EXPECT_THAT(told("sub", true), ElementsAre(sub, file));
}

TEST_F(ConcernedNodesTest, DirectoriesWhoseOwnAttributesHaveChanged) {
  const NodeId sub = know(NodeKind::kDirectory, "sub");
  know(NodeKind::kFile, "sub/a");
  SourceChanges changes;
  changes.directories = {"", "sub", "unknown"};
  EXPECT_THAT(told(changes), ElementsAre(kRootNode, sub));
}

TEST_F(ConcernedNodesTest, Everything) {
  const NodeId sub = know(NodeKind::kDirectory, "sub");
  const NodeId file = know(NodeKind::kFile, "sub/a");
  const NodeId array = know(NodeKind::kVirtual, "b.npy");
  SourceChanges changes;
  changes.everything = true;
  EXPECT_THAT(told(changes), UnorderedElementsAre(kRootNode, sub, file, array));
}

TEST_F(ConcernedNodesTest, TellingEndsWhereItIsToEnd) {
  for (const char* path : {"sub/a", "sub/b", "sub/c", "sub/d", "sub/e"}) know(NodeKind::kFile, path);
  SourceChanges changes;
  changes.everything = true;
  for (most_ = 1; most_ < 5; ++most_) EXPECT_EQ(told(changes).size(), most_);
}

}  // namespace
}  // namespace npyfs
