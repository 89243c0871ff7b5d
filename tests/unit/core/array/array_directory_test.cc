#include "core/array/array_directory.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

class ArrayDirectoryTest : public testing::Test {
 protected:
  ArrayDirectoryTest() : root_(*SourceRoot::open(directory_.path(), LeavingLinks::kAreLinks, Users::kOwner)) {}

  ArrayState array(const std::string& bytes) const {
    directory_.write("dir/a.npy", bytes);
    auto file = SourceFile::open(root_, "dir/a.npy", SourceRole::kArray, SourceIo::kMmap, mappings_);
    return {SourceStatus{stat_of(directory_.path("dir/a.npy"))}, std::move(file), directory_.path("dir/a.npy")};
  }
  ArrayState array_of(const std::vector<std::uint64_t>& shape) const { return array(npy_bytes({.shape = shape})); }
  ArrayState truncated() const { return array(npy_bytes({.shape = {100}}).substr(0, 528)); }
  ArrayState damaged() const { return array("no array"); }
  ArrayState unreadable() const {
    return {SourceStatus{stat_of(directory_.path())}, std::unexpected(system_error("dir/a.npy", "open", EACCES)),
            "/data/dir/a.npy"};
  }

  static std::vector<std::string> names(const std::string& path, const ArrayState& array) {
    const ArrayListing listing(*parse_place(path), array, 3);
    std::vector<std::string> names;
    for (std::uint64_t i = 0; i < listing.count(); ++i) names.push_back(format_name(listing.at(i)));
    return names;
  }

  const TempDirectory directory_;
  const SourceRoot root_;
  const std::shared_ptr<MappingCache> mappings_ = std::make_shared<MappingCache>(1 << 20, 1);
};

using Names = std::vector<std::string>;

TEST_F(ArrayDirectoryTest, ListsWhatThereIs) {
  EXPECT_EQ(names("", array_of({4})), (Names{"chunks", "slices", "info.json", "source.npy"}));
  EXPECT_EQ(names("", array_of({4, 5})), (Names{"axis0", "axis1", "chunks", "slices", "info.json", "source.npy"}));
  EXPECT_EQ(names("", array_of({0, 5})), (Names{"axis0", "axis1", "chunks", "slices", "info.json", "source.npy"}));
  EXPECT_EQ(names("", truncated()), (Names{"error.txt", "info.json", "source.npy"}));
  EXPECT_EQ(names("", array_of({})), (Names{"error.txt", "info.json", "source.npy"}));
  EXPECT_EQ(names("", damaged()), (Names{"error.txt", "source.npy"}));
  EXPECT_EQ(names("", unreadable()), (Names{"error.txt", "source.npy"}));
}

TEST_F(ArrayDirectoryTest, ListsChunksOfTheDefaultAndOfANamedCount) {
  const auto array = array_of({4, 5});
  EXPECT_EQ(names("chunks", array), (Names{"0_of_3.npy", "1_of_3.npy", "2_of_3.npy"}));
  EXPECT_EQ(names("chunks/2", array), (Names{"0_of_2.npy", "1_of_2.npy"}));
  EXPECT_EQ(names("axis1/chunks/2", array), (Names{"0_of_2.npy", "1_of_2.npy"}));
  EXPECT_EQ(names("axis1", array), (Names{"chunks", "slices"}));
  EXPECT_EQ(names("axis1/chunks", array), Names{});
  EXPECT_EQ(names("axis0/chunks", array), Names{});
  EXPECT_EQ(names("slices", array), Names{});
  EXPECT_EQ(names("axis1/slices", array), Names{});
  EXPECT_EQ(names("chunks", truncated()), Names{});
  EXPECT_EQ(names("chunks/2", damaged()), Names{});
}

TEST_F(ArrayDirectoryTest, EverythingListedExists) {
  for (const auto& array : {array_of({4, 5}), array_of({0}), truncated(), damaged()}) {
    for (const char* path : {"", "chunks", "chunks/7", "axis1", "axis1/chunks/9"}) {
      if (!check_place(*parse_place(path), array)) continue;
      for (const std::string& name : names(path, array)) {
        const auto place = place_in(*parse_place(path), name);
        ASSERT_TRUE(place) << path << "/" << name;
        EXPECT_TRUE(check_place(*place, array)) << path << "/" << name;
      }
    }
  }
}

TEST_F(ArrayDirectoryTest, ResolvesWhatTheArrayHas) {
  const auto two = array_of({4, 5});
  const auto one = array_of({4});
  const auto bad = truncated();
  const auto exists = [](const char* path, const ArrayState& array) {
    return check_place(*parse_place(path), array).has_value();
  };
  for (const char* path : {"", "chunks", "chunks/9", "chunks/8_of_9.npy", "slices", "slices/4_to_4.npy", "axis0",
                           "axis1", "axis1/chunks/5", "axis1/slices/0_to_5.bin", "info.json", "source.npy"}) {
    EXPECT_TRUE(exists(path, two)) << path;
  }
  for (const char* path :
       {"axis2", "axis63", "axis2/chunks/0_of_1.npy", "slices/0_to_5.npy", "axis1/slices/0_to_6.npy", "error.txt"}) {
    EXPECT_FALSE(exists(path, two)) << path;
  }
  EXPECT_FALSE(exists("axis0", one)) << "of one dimension there are no axes to choose from";
  EXPECT_TRUE(exists("chunks/0_of_1.npy", one));
  for (const char* path : {"chunks", "chunks/2", "chunks/0_of_1.npy", "slices", "slices/0_to_0.npy", "axis0"}) {
    const auto checked = check_place(*parse_place(path), bad);
    ASSERT_FALSE(checked) << path;
    EXPECT_EQ(to_errno(checked.error()), ENOENT) << path;
  }
  for (const char* path : {"", "error.txt", "source.npy", "info.json"}) EXPECT_TRUE(exists(path, bad)) << path;
  EXPECT_FALSE(exists("info.json", damaged()));
}

TEST_F(ArrayDirectoryTest, FilesHoldTheirSourceAndWhatIsWrongWithIt) {
  const auto array = truncated();
  const auto source = content_of({PlaceKind::kSource}, array);
  ASSERT_TRUE(source);
  EXPECT_EQ(source->view.body, (StridedRuns{0, 528, 528, 1}));
  EXPECT_EQ(source->source, *array.file);
  const auto error = content_of({PlaceKind::kError}, array);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->view.header,
            "a.npy: the header promises 800 bytes of data (shape (100,), descr '<f8'), the file holds 400\n");
  EXPECT_EQ(error->source, nullptr);
  EXPECT_EQ(error->view.size(), error->view.header.size());
  const auto info = content_of({PlaceKind::kInfo}, array);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->view.header.front(), '{');
}

TEST_F(ArrayDirectoryTest, AFileThatCannotBeOpenedSaysSo) {
  const auto array = unreadable();
  const auto error = content_of({PlaceKind::kError}, array);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->view.header, "a.npy: open failed: Permission denied\n");
  EXPECT_EQ(to_errno(content_of({PlaceKind::kSource}, array).error()), EACCES);
}

TEST_F(ArrayDirectoryTest, ViewsCarryAttributesThatSayWhatTheyAre) {
  const auto array = array_of({10, 7});
  const auto attributes_of = [&](const char* path) {
    std::map<std::string, std::string> found;
    const auto attributes = extended_attributes(*parse_place(path), array);
    for (const auto& [name, value] : *attributes) found[name] = value;
    return found;
  };
  const std::map<std::string, std::string> expected = {
      {"user.npyfs.source", directory_.path("dir/a.npy")},
      {"user.npyfs.axis", "1"},
      {"user.npyfs.start", "3"},
      {"user.npyfs.stop", "5"},
      {"user.npyfs.shape", "(10, 2)"},
      {"user.npyfs.descr", "<f8"},
  };
  EXPECT_EQ(attributes_of("axis1/chunks/1_of_3.npy"), expected);
  EXPECT_EQ(attributes_of("axis1/slices/3_to_5.bin"), expected);
  for (const char* path : {"", "chunks", "chunks/3", "axis1", "source.npy", "info.json"}) {
    EXPECT_TRUE(attributes_of(path).empty()) << path;
  }
  EXPECT_EQ(to_errno(extended_attributes(*parse_place("slices/0_to_11.npy"), array).error()), ENOENT);
}

}  // namespace
}  // namespace npyfs
