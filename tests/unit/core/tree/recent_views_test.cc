#include "core/tree/recent_views.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/unit/support/tree_fixture.h"

namespace npyfs {
namespace {

View some_view(std::string header, Runs runs) {
  View view{std::move(header), {}};
  view.segments.push_back({nullptr, nullptr, std::move(runs)});
  return view;
}

Array array_of_one_part() {
  Array array;
  array.parts.emplace_back();
  return array;
}

const Array kArray = array_of_one_part();

TEST(RecentViewsTest, AViewIsFoundByItsNodeUntilAnotherTakesItsPlace) {
  RecentViews views;
  EXPECT_FALSE(views.find(kRootNode + 1, kArray));
  for (NodeId node = 10; node < 10 + RecentViews::kCount; ++node) {
    views.note(node, some_view(std::to_string(node), Runs(Extent{node, 8})), kArray);
  }
  for (NodeId node = 10; node < 10 + RecentViews::kCount; ++node) {
    const auto view = views.find(node, kArray);
    ASSERT_TRUE(view) << node;
    EXPECT_EQ(view->header, std::to_string(node));
    ASSERT_EQ(view->segments.size(), 1u);
    EXPECT_EQ(view->segments.front().runs, Runs(Extent{node, 8}));
  }
  views.note(10 + RecentViews::kCount, some_view("another", Runs()), kArray);
  EXPECT_FALSE(views.find(10, kArray));
  EXPECT_TRUE(views.find(11, kArray));
}

TEST(RecentViewsTest, OnlyShortHeadersAndOneSegmentAreRemembered) {
  RecentViews views;
  views.note(7, some_view(std::string(RecentViews::kLongestHeader + 1, ' '), Runs()), kArray);
  EXPECT_FALSE(views.find(7, kArray));
  View padded = some_view("", Runs());
  padded.padding.emplace(Padding{});
  views.note(7, padded, kArray);
  EXPECT_FALSE(views.find(7, kArray));
  View joined = some_view("", Runs());
  joined.segments.push_back(joined.segments.front());
  views.note(7, joined, kArray);
  EXPECT_FALSE(views.find(7, kArray));
  views.note(7, some_view(std::string(RecentViews::kLongestHeader, ' '), Runs()), kArray);
  EXPECT_TRUE(views.find(7, kArray));
}

// As a member of an archive that was written again, at the same moment and with its members in another order.
TEST(RecentViewsTest, AViewOfAnArrayThatBeginsElsewhereIsMadeAnew) {
  RecentViews views;
  views.note(7, some_view("header", Runs()), kArray);
  Array moved = kArray;
  moved.parts.front().geometry.offset += 64;
  EXPECT_FALSE(views.find(7, moved));
  EXPECT_TRUE(views.find(7, kArray));
}

class RecentViewsTreeTest : public TreeTest {};

TEST_F(RecentViewsTreeTest, AViewThatIsOpenedAgainHasTheSameBytes) {
  const TestArray array{"'<i4'", 4, false, {100, 7}};
  directory_.write("a.npy", npy_bytes(array));
  for (const char* path : {"a.npy/chunks/1_of_3.npy", "a.npy/chunks/1_of_3.bin", "a.npy/axis1/items/3.npy",
                           "a.npy/index/::-3,2.npy", "a.npy/slices/5_to_5.npy"}) {
    const std::string first = read(path);
    EXPECT_EQ(read(path), first) << path;
  }
  // Another version is another node, with another view.
  const std::string before = read("a.npy/chunks/1_of_3.npy");
  const TestArray longer{"'<i4'", 4, false, {120, 7}};
  directory_.write("a.npy", npy_bytes(longer));
  const std::string after = read("a.npy/chunks/1_of_3.npy");
  EXPECT_EQ(after.size(), 128 + 40u * 7 * 4);
  EXPECT_NE(after, before);
}

}  // namespace
}  // namespace npyfs
