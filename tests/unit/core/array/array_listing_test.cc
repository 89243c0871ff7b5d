#include "core/array/array_listing.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/support/array_state_fixture.h"

namespace npyfs {
namespace {

using Names = std::vector<std::string>;

class ArrayListingTest : public ArrayStateTest {
 protected:
  static Names names(const std::string& path, const ArrayState& array) {
    const auto directory = find(path, array);
    if (!directory) return {"no directory: " + to_message(directory.error())};
    return names(*directory, array);
  }
  static Names names(const VirtualPath& directory, const ArrayState& array) {
    const ArrayListing listing(directory, array, 3);
    Names names;
    for (std::uint64_t i = 0; i < listing.count(); ++i) names.push_back(listing.name(i));
    return names;
  }
};

TEST_F(ArrayListingTest, OfAnArrayIsWhatThereIs) {
  const Names of_one = {"batches", "chunks", "index", "slices", "info.json", "source.npy"};
  const Names of_two = {"axis0", "axis1", "batches", "chunks", "index", "slices", "info.json", "source.npy"};
  const Names of_fields = {"batches", "chunks", "fields", "index", "slices", "info.json", "source.npy"};
  EXPECT_EQ(names("", array_of({4})), of_one);
  EXPECT_EQ(names("", array_of({4, 5})), of_two);
  EXPECT_EQ(names("", array_of({0, 5})), of_two);
  EXPECT_EQ(names("", structured({4})), of_fields);
  EXPECT_EQ(names("", truncated()), (Names{"error.txt", "info.json", "source.npy"}));
  EXPECT_EQ(names("", array_of({})), (Names{"error.txt", "info.json", "source.npy"}));
  EXPECT_EQ(names("", damaged()), (Names{"error.txt", "info.json", "source.npy"}));
  EXPECT_EQ(names("", unreadable()), (Names{"error.txt", "source.npy"}));
}

TEST_F(ArrayListingTest, OfChunksIsThoseOfTheDefaultOrOfTheNamedCount) {
  const auto array = array_of({4, 5});
  EXPECT_EQ(names("chunks", array), (Names{"0_of_3.npy", "1_of_3.npy", "2_of_3.npy"}));
  EXPECT_EQ(names("chunks/2", array), (Names{"0_of_2.npy", "1_of_2.npy"}));
  EXPECT_EQ(names("axis1/chunks/2", array), (Names{"0_of_2.npy", "1_of_2.npy"}));
  EXPECT_EQ(names("axis1", array), (Names{"batches", "chunks", "slices"}));
  for (const char* path : {"axis1/chunks", "axis0/chunks", "slices", "axis1/slices", "index", "batches"}) {
    EXPECT_EQ(names(path, array), Names{}) << path;
  }
}

TEST_F(ArrayListingTest, OfAlignedChunksIsEmptyWhereThereAreTooFew) {
  EXPECT_EQ(names("chunks/aligned", array_of({2000})), (Names{"0_of_3.npy", "1_of_3.npy", "2_of_3.npy"}));
  EXPECT_EQ(names("chunks/aligned", array_of({800})), Names{}) << "one page edge";
}

TEST_F(ArrayListingTest, OfBatchesAndItemsIsPaddedToTheWidthOfTheLast) {
  const auto array = array_of({11, 2});
  EXPECT_EQ(names("batches/4", array), (Names{"0.npy", "1.npy", "2.npy"}));
  EXPECT_EQ(names("batches/100", array), (Names{"0.npy"}));
  EXPECT_EQ(names("axis1/batches/1", array), (Names{"0.npy", "1.npy"}));
  EXPECT_EQ(names("axis1/items", array), (Names{"0.npy", "1.npy"}));
  const auto items = names("items", array);
  ASSERT_EQ(items.size(), 11u);
  EXPECT_EQ(items.front(), "00.npy");
  EXPECT_EQ(items.back(), "10.npy");
  EXPECT_EQ(names("batches/4", array_of({0})), Names{});
  EXPECT_EQ(names("items", array_of({0})), Names{});
}

TEST_F(ArrayListingTest, OfFieldsIsTheirNamesPercentEncoded) {
  EXPECT_EQ(names("fields", structured({4})), (Names{"a.npy", "b.npy", "c.npy"}));
  const std::string longest(251, 'y');
  const std::string too_long(252, 'z');
  const auto strange = array(npy_bytes({"[('a/b', '|u1'), ('100%', '|u1'), ('x.npy', '|u1'), ('..', '|u1'), ('" +
                                            longest + "', '|u1'), ('" + too_long + "', '|u1')]",
                                        6,
                                        false,
                                        {2}}));
  EXPECT_EQ(names("fields", strange),
            (Names{"a%2Fb.npy", "100%25.npy", "x%2Enpy.npy", "%2E%2E.npy", longest + ".npy"}));
}

TEST_F(ArrayListingTest, OfAViewIsThatOfAnArrayWithoutItsSource) {
  const auto array = structured({4, 5});
  EXPECT_EQ(names("chunks/0_of_2", array),
            (Names{"axis0", "axis1", "batches", "chunks", "fields", "index", "slices", "info.json"}));
  EXPECT_EQ(names("items/1", array), (Names{"batches", "chunks", "fields", "index", "slices", "info.json"}));
  EXPECT_EQ(names("items/1/fields/b", array),
            (Names{"axis0", "axis1", "axis2", "batches", "chunks", "index", "slices", "info.json"}));
  EXPECT_EQ(names("items/1/items/2/fields/c", array), (Names{"fields", "index", "info.json"})) << "of no dimensions";
  EXPECT_EQ(names("items/1/items/2/fields/c/fields", array), (Names{"x.npy", "y.npy"}));
  EXPECT_EQ(names("slices/1_to_3/items", array), (Names{"0.npy", "1.npy"})) << "numbered from the view's own start";
  EXPECT_EQ(names("slices/1_to_3/chunks/2", array), (Names{"0_of_2.npy", "1_of_2.npy"}));
}

TEST_F(ArrayListingTest, BelowAnArrayThatHasGoneBadIsEmpty) {
  const auto good = array_of({4, 5});
  const auto bad = truncated();
  for (const char* path : {"chunks", "chunks/2", "items", "items/1", "batches/2", "axis1/chunks/2"}) {
    EXPECT_EQ(names(*find(path, good), bad), Names{}) << path;
  }
  const auto item = *find("items/3", good);
  EXPECT_EQ(names(item, array_of({4, 4})), Names{}) << "row 3 is another one now";
  EXPECT_EQ(names(item, array_of({3, 5})), Names{}) << "it has no row 3";
}

TEST_F(ArrayListingTest, EverythingListedExists) {
  const char* const kDirectories[] = {
      "",       "chunks",    "chunks/7", "chunks/aligned", "axis1",    "axis1/chunks/9", "items", "axis1/items",
      "fields", "batches/2", "index",    "slices/0_to_1",  "fields/b", "chunks/0_of_1"};
  for (const auto& array : {array_of({4, 5}), array_of({0}), structured({2}), truncated(), damaged()}) {
    int listed = 0;
    for (const char* path : kDirectories) {
      const auto directory = find(path, array);
      if (!directory) continue;
      for (const std::string& name : names(*directory, array)) {
        const auto found = find_name(*directory, name, array);
        ASSERT_TRUE(found) << path << "/" << name;
        EXPECT_TRUE(check_path(found->path, array)) << path << "/" << name;
        ++listed;
      }
    }
    EXPECT_GT(listed, 1);
  }
}

TEST_F(ArrayListingTest, OfABillionItemsTakesNoLonger) {
  const std::uint64_t rows = 1'000'000'000;
  directory_.write("dir/a.npy", npy_header_bytes({"'|u1'", 1, false, {rows}}));
  directory_.truncate("dir/a.npy", 128 + rows);
  auto file = NpyFile::open(root_, "dir/a.npy", SourceIo::kMmap, mappings_, WrittenHere::kNo);
  const ArrayState huge{SourceStatus{stat_of(directory_.path("dir/a.npy"))}, std::move(file),
                        root_.path_of(std::make_shared<const std::string>())};
  const ArrayListing listing(*find("items", huge), huge, 3);
  EXPECT_EQ(listing.count(), rows);
  EXPECT_EQ(listing.name(7), "000000007.npy");
}

}  // namespace
}  // namespace npyfs
