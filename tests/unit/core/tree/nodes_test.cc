#include "core/tree/nodes.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/slice/selection.h"

namespace npyfs {
namespace {

std::shared_ptr<const std::string> path(const std::string& text) {
  return std::make_shared<const std::string>(text);
}

Node file(const std::string& name, std::uint64_t version = 1) {
  return {.kind = NodeKind::kFile, .path = path(name), .pin = version};
}

TEST(Nodes, BeginWithTheRoot) {
  Nodes nodes;
  EXPECT_EQ(nodes.count(), 1u);
  const auto root = nodes.find(kRootNode);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->kind, NodeKind::kDirectory);
  EXPECT_EQ(*root->path, "");
  EXPECT_EQ(nodes.look_up({.kind = NodeKind::kDirectory, .path = path("")}), kRootNode);
}

TEST(Nodes, TheRootStays) {
  Nodes nodes;
  nodes.forget(kRootNode, 1'000'000);
  EXPECT_TRUE(nodes.find(kRootNode));
  EXPECT_EQ(nodes.count(), 1u);
}

TEST(Nodes, EqualNodesHaveOneId) {
  Nodes nodes;
  const NodeId a = nodes.look_up(file("a"));
  EXPECT_EQ(nodes.look_up(file("a")), a) << "another string with the same text";
  EXPECT_EQ(nodes.count(), 2u);
}

TEST(Nodes, NodesThatDifferInAnythingHaveIdsOfTheirOwn) {
  const auto shared = path("a.npy");
  const VirtualName chunk{.kind = NameKind::kChunk, .first = 1, .second = 4};
  const VirtualPath view{.name = chunk, .selection = "a view", .depth = 1};
  const VirtualPath chunks{.name = {.kind = NameKind::kChunksOf, .second = 4}, .spelling = 1};
  const Node base{.kind = NodeKind::kVirtual, .at = view, .path = shared, .pin = 1};
  std::vector<Node> different(14, base);
  different[1].kind = NodeKind::kFile;
  different[2].path = path("b.npy");
  different[3].pin = 2;
  different[4].at.selection = "another view";
  different[5].at.name.form = Form::kBin;
  different[6].at.name.form = Form::kArray;
  different[7].at = chunks;
  different[8].at = chunks;
  different[8].at.name.second = 5;
  different[9].at = chunks;
  different[9].at.name.axis = 1;
  different[10].at = chunks;
  different[10].at.spelling = 2;
  different[11].at = chunks;
  different[11].at.selection = "a view";
  different[12].at = {.name = {.kind = NameKind::kInfo}};
  different[13].at = {.name = {.kind = NameKind::kInfo}, .selection = "a view"};
  Nodes nodes;
  std::set<NodeId> ids;
  for (const Node& node : different) EXPECT_TRUE(ids.insert(nodes.look_up(node)).second);
  for (const Node& node : different) EXPECT_FALSE(ids.insert(nodes.look_up(node)).second);
}

TEST(Nodes, NamesOfOneViewAreOneNode) {
  const VirtualName chunk{.kind = NameKind::kChunk, .first = 0, .second = 2};
  const VirtualName slice{.kind = NameKind::kSlice, .first = 0, .second = 5};
  Nodes nodes;
  const auto look_up = [&](const VirtualName& name, std::uint8_t depth) {
    const VirtualPath at{.name = name, .selection = "the view", .depth = depth};
    return nodes.look_up({.kind = NodeKind::kVirtual, .at = at, .path = path("a.npy"), .pin = 1});
  };
  const NodeId id = look_up(chunk, 1);
  EXPECT_EQ(look_up(slice, 1), id);
  EXPECT_EQ(look_up(chunk, 2), id);
  EXPECT_EQ(nodes.find(id)->at.name, chunk) << "it keeps the name by which it was first looked up";
}

TEST(Nodes, FindGivesWhatWasLookedUp) {
  Nodes nodes;
  const VirtualPath chunks{.name = {.kind = NameKind::kChunksOf, .second = 4}, .spelling = 3};
  const Node node{.kind = NodeKind::kVirtual, .at = chunks, .path = path("a"), .pin = 5};
  const auto found = nodes.find(nodes.look_up(node));
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, node);
  EXPECT_FALSE(nodes.find(0));
  EXPECT_FALSE(nodes.find(1'000));
  EXPECT_FALSE(nodes.find(~NodeId{0}));
}

TEST(Nodes, ANodeLivesUntilAllItsLookupsAreForgotten) {
  Nodes nodes;
  const NodeId a = nodes.look_up(file("a"));
  nodes.look_up(file("a"));
  nodes.look_up(file("a"));
  nodes.forget(a, 2);
  EXPECT_TRUE(nodes.find(a));
  nodes.forget(a, 1);
  EXPECT_FALSE(nodes.find(a));
  EXPECT_EQ(nodes.count(), 1u);
}

TEST(Nodes, ForgettingMoreThanThereIsForgetsTheNodeOnly) {
  Nodes nodes;
  const NodeId a = nodes.look_up(file("a"));
  const NodeId b = nodes.look_up(file("b"));
  nodes.forget(a, ~std::uint64_t{0});
  nodes.forget(a, 1);
  nodes.forget(12345, 1);
  EXPECT_FALSE(nodes.find(a));
  EXPECT_TRUE(nodes.find(b));
}

TEST(Nodes, IdsAreNeverUsedAgain) {
  Nodes nodes;
  std::set<NodeId> ids;
  for (int i = 0; i < 1000; ++i) {
    const NodeId id = nodes.look_up(file("a"));
    EXPECT_TRUE(ids.insert(id).second);
    nodes.forget(id, 1);
    EXPECT_FALSE(nodes.find(id));
  }
}

TEST(Nodes, NoLookupIsLostAmongThreads) {
  Nodes nodes;
  constexpr int kThreads = 4;
  constexpr int kRounds = 2000;
  const auto work = [&] {
    for (int i = 0; i < kRounds; ++i) {
      const NodeId id = nodes.look_up(file(std::to_string(i % 7)));
      const auto found = nodes.find(id);
      ASSERT_TRUE(found) << "a node that this thread has looked up is gone";
      ASSERT_EQ(*found->path, std::to_string(i % 7));
      nodes.forget(id, 1);
    }
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(work);
  threads.clear();
  EXPECT_EQ(nodes.count(), 1u);
}

// Chunk `i` of 2^20 of an array of three axes.
Node chunk_node(const std::shared_ptr<const std::string>& shared, std::uint64_t i) {
  Selection selection = Selection::whole(Shape{std::uint64_t{1} << 40, 512, 512});
  selection.take(0, axis_range(i << 20, (i + 1) << 20));
  VirtualPath at{.name = {.kind = NameKind::kChunk, .first = i, .second = 1 << 20}, .depth = 1};
  selection.encode(at.selection);
  return {.kind = NodeKind::kVirtual, .at = std::move(at), .path = shared, .pin = 1};
}

class NodesMemoryTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kMany = 200'000;

  void SetUp() override {
    if (std::string_view(NPYFS_SANITIZE).empty()) return;
    GTEST_SKIP() << "the sanitizer has an allocator of its own, which mallinfo2 knows nothing of";
  }

  static std::size_t in_use() { return ::mallinfo2().uordblks + ::mallinfo2().hblkhd; }

  void look_up_many() {
    for (std::uint64_t i = 0; i < kMany; ++i) ids_[i] = nodes_.look_up(chunk_node(shared_, i));
  }

  Nodes nodes_;
  std::vector<NodeId> ids_ = std::vector<NodeId>(kMany);
  const std::shared_ptr<const std::string> shared_ = path("a.npy");
};

TEST_F(NodesMemoryTest, ALiveNodeCostsAtMost256Bytes) {
  const auto before = in_use();
  look_up_many();
  const double each = static_cast<double>(in_use() - before) / kMany;
  EXPECT_LE(each, 256);
}

TEST_F(NodesMemoryTest, GivesMemoryBackAfterManyWereForgotten) {
  const auto before = in_use();
  look_up_many();
  const auto at_most = in_use() - before;
  EXPECT_GT(at_most, kMany * 16);
  for (const NodeId id : ids_) nodes_.forget(id, 1);
  EXPECT_EQ(nodes_.count(), 1u);
  EXPECT_LT(in_use(), before + at_most / 50);
}

TEST(Nodes, CountsWhatIsForgotten) {
  Nodes nodes;
  const NodeId id = nodes.look_up({.kind = NodeKind::kFile, .path = std::make_shared<const std::string>("a")});
  nodes.forget(id, 1);
  EXPECT_EQ(nodes.forgotten(), 1u);
  nodes.forget(id, 1);
  EXPECT_EQ(nodes.forgotten(), 1u) << "it was forgotten before";
}

TEST(Nodes, ANodeIsOpenedForTheFirstTimeOnce) {
  Nodes nodes;
  const Node file{.kind = NodeKind::kFile, .path = std::make_shared<const std::string>("a"), .pin = 1};
  const NodeId id = nodes.look_up(file);
  EXPECT_TRUE(nodes.note_open(id, false).is_first);
  EXPECT_FALSE(nodes.note_open(id, false).is_first);
  nodes.forget(id, 1);
  EXPECT_FALSE(nodes.note_open(id, false).is_first);
  EXPECT_TRUE(nodes.note_open(nodes.look_up(file), false).is_first);
}

TEST(Nodes, PagesOfARacyOneMayBeStaleUntilTheyAreDropped) {
  Nodes nodes;
  const NodeId id = nodes.look_up(file("a"));
  EXPECT_EQ(nodes.note_open(id, false).stale_mark, Nodes::kNotStale);
  EXPECT_NE(nodes.note_open(id, true).stale_mark, Nodes::kNotStale);
  const auto mark = nodes.note_open(id, false).stale_mark;
  EXPECT_NE(mark, Nodes::kNotStale);
  EXPECT_EQ(nodes.note_open(id, false).stale_mark, mark) << "that they were to be dropped does not say that they are";
  nodes.clear_stale_mark(id, mark);
  EXPECT_EQ(nodes.note_open(id, false).stale_mark, Nodes::kNotStale);
}

TEST(Nodes, ClearingAnOlderMarkLeavesAYoungerOne) {
  Nodes nodes;
  const NodeId id = nodes.look_up(file("a"));
  nodes.mark_pages_stale(id);
  const auto older = nodes.note_open(id, false).stale_mark;
  nodes.mark_pages_stale(id);
  nodes.clear_stale_mark(id, older);
  const auto younger = nodes.note_open(id, false).stale_mark;
  EXPECT_NE(younger, Nodes::kNotStale);
  EXPECT_NE(younger, older);
}

TEST(Nodes, PagesOfAnUnknownNodeMayBeStale) {
  Nodes nodes;
  nodes.mark_pages_stale(99);
  nodes.clear_stale_mark(99, 1);
  EXPECT_NE(nodes.note_open(99, false).stale_mark, Nodes::kNotStale);
}

TEST(Nodes, SayWhenTheyAreGone) {
  Nodes nodes;
  const NodeId a = nodes.look_up(file("a"));
  nodes.look_up(file("a"));
  EXPECT_FALSE(nodes.forget(a, 1));
  EXPECT_TRUE(nodes.forget(a, 1));
  EXPECT_FALSE(nodes.forget(a, 1));
  EXPECT_FALSE(nodes.forget(kRootNode, 1));
}

TEST(Nodes, AreFoundByWhatTheyAreWithoutALookup) {
  Nodes nodes;
  EXPECT_FALSE(nodes.id_of(file("a")));
  const NodeId a = nodes.look_up(file("a"));
  EXPECT_EQ(nodes.id_of(file("a")), a);
  EXPECT_FALSE(nodes.id_of(file("a", 2)));
  nodes.forget(a, 1);
  EXPECT_FALSE(nodes.id_of(file("a"))) << "no lookup was counted";
}

TEST(Nodes, AreFoundByTheirPath) {
  Nodes nodes;
  const NodeId sub = nodes.look_up({.kind = NodeKind::kDirectory, .path = path("sub")});
  const NodeId old_a = nodes.look_up(file("sub/a", 1));
  const NodeId a = nodes.look_up(file("sub/a", 2));
  const NodeId deep = nodes.look_up(file("sub/b/c"));
  const NodeId beside = nodes.look_up(file("sub-b"));
  const NodeId behind = nodes.look_up(file("sub0"));
  using Ids = std::vector<NodeId>;
  EXPECT_EQ(nodes.at(""), Ids{kRootNode});
  EXPECT_EQ(nodes.at("sub/a"), (Ids{old_a, a}));
  EXPECT_EQ(nodes.at("sub/b"), Ids{});
  EXPECT_EQ(nodes.beneath("sub"), (Ids{old_a, a, deep}));
  EXPECT_EQ(nodes.beneath("sub/a"), Ids{});
  EXPECT_EQ(nodes.beneath(""), (Ids{sub, beside, old_a, a, deep, behind}));
  nodes.forget(old_a, 1);
  EXPECT_EQ(nodes.at("sub/a"), Ids{a});
  EXPECT_EQ(nodes.beneath("sub"), (Ids{a, deep}));
}

TEST(Nodes, AreFoundByTheirPathInWhateverOrderTheyGo) {
  for (const auto& order : {std::vector<std::size_t>{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}, {2, 0, 3, 1}}) {
    Nodes nodes;
    std::vector<NodeId> ids;
    std::set<NodeId> left;
    for (std::uint64_t version = 1; version <= 4; ++version) {
      ids.push_back(nodes.look_up(file("a", version)));  // each with a string of its own
      left.insert(ids.back());
    }
    nodes.look_up(file("b"));
    for (const std::size_t index : order) {
      nodes.forget(ids[index], 1);
      left.erase(ids[index]);
      const auto found = nodes.at("a");
      EXPECT_EQ(std::set<NodeId>(found.begin(), found.end()), left);
      EXPECT_EQ(found.size(), left.size());
      EXPECT_EQ(nodes.beneath("").size(), left.size() + 1);
    }
  }
}

}  // namespace
}  // namespace npyfs
