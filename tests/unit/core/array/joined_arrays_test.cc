#include "core/array/joined_arrays.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

#include "core/array/view.h"
#include "tests/unit/support/later_clock.h"
#include "tests/unit/support/npy_bytes.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

using std::chrono::hours;

class JoinedArraysTest : public testing::Test {
 protected:
  JoinedArraysTest() : root_(*SourceRoot::open(directory_.path(), Symlinks::kWithinRoot, Users::kOwner)) {
    for (const char* name : {"dir/10.npy", "dir/9.npy", "dir/.hidden.npy"}) write(name, 2);
  }

  void write(const std::string& name, std::uint64_t rows) const {
    directory_.write(name, npy_bytes({.shape = {rows, 3}}));
  }
  std::shared_ptr<const JoinedArray> get(JoinedArrays& arrays, const std::string& path = "dir") const {
    auto array = arrays.array(path, stat_of(directory_.path(path)), 0);
    if (!array) ADD_FAILURE() << to_message(array.error());
    return array ? *array : nullptr;
  }
  static std::uint64_t rows(const JoinedArray& array) { return (*array.array())->shape.front(); }

  const TempDirectory directory_;
  const SourceRoot root_;
  SourceCache sources_{root_, SourceIo::kMmap, 4, WrittenHere::kNo};
};

TEST_F(JoinedArraysTest, TakesTheFilesInNaturalOrder) {
  JoinedArrays arrays(root_, sources_, WrittenHere::kNo, hours(1));
  directory_.make_directory("dir/8.npy");
  directory_.make_link("dir/11.npy", "9.npy");
  directory_.make_link("dir/12.npy", "nowhere");
  const auto array = get(arrays);
  ASSERT_EQ(array->parts().size(), 3u);
  EXPECT_EQ(array->parts()[0].name, "9.npy");
  EXPECT_EQ(array->parts()[2].name, "11.npy");
  EXPECT_EQ(array->parts()[2].first_row, 4u);
  EXPECT_EQ(rows(*array), 6u);
}

// Within the time for which parts are known, what makes them be looked at again is another name, or distrust().
TEST_F(JoinedArraysTest, LooksAtPartsAgainAfterAChangeOfTheDirectoryAndIfToldTo) {
  JoinedArrays arrays(root_, sources_, WrittenHere::kNo, hours(1));
  const auto array = get(arrays);
  write("dir/9.npy", 5);
  EXPECT_EQ(get(arrays), array) << "known";
  arrays.distrust("other");
  EXPECT_EQ(get(arrays), array);
  arrays.distrust("dir");
  const auto longer = get(arrays);
  EXPECT_EQ(rows(*longer), 7u);
  EXPECT_NE(longer->version(), array->version());
  write("dir/10.npy", 3);
  write("dir/1.npy", 1);
  EXPECT_EQ(rows(*get(arrays)), 9u);
  arrays.distrust_all();
  EXPECT_EQ(rows(*get(arrays)), 9u);
}

TEST_F(JoinedArraysTest, LooksAtAllPartsWhereTheyAreKnownForNoTime) {
  JoinedArrays arrays(root_, sources_, WrittenHere::kNo, {});
  EXPECT_EQ(rows(*get(arrays)), 4u);
  write("dir/9.npy", 5);
  arrays.distrust("dir");
  EXPECT_EQ(rows(*get(arrays)), 7u);
}

TEST_F(JoinedArraysTest, OpensThePartsThatItWasMadeFromAndNoOthers) {
  for (const WrittenHere written_here : {WrittenHere::kNo, WrittenHere::kYes}) {
    SourceCache sources(root_, SourceIo::kMmap, 4, written_here);
    JoinedArrays arrays(root_, sources, written_here, hours(1));
    write("dir/9.npy", 2);
    const auto array = get(arrays);
    const Array& whole = **array->array();
    View view = make_view(whole, Selection::whole(whole.shape), Form::kNpy);
    EXPECT_EQ(view.segments.front().file, nullptr);
    EXPECT_EQ(view.segments.front().path(), "dir/9.npy");
    ASSERT_TRUE(hold_files(view, 2));
    EXPECT_EQ(view.segments.front().file->path(), "dir/9.npy");
    View large = make_view(whole, Selection::whole(whole.shape), Form::kNpy);
    ASSERT_TRUE(hold_files(large, 1));
    EXPECT_EQ(large.segments.front().file, nullptr) << "more than 1";
    EXPECT_TRUE(large.segments.front().opened());
    directory_.replace("dir/9.npy", npy_bytes({.shape = {2, 3}}));
    EXPECT_EQ(large.segments.front().opened().error().kind, ErrorKind::kStale);
    EXPECT_EQ(hold_files(large, 1).error().kind, ErrorKind::kStale);
    EXPECT_TRUE(view.segments.front().check_still_holds({0, 128})) << "open";
  }
}

TEST_F(JoinedArraysTest, AViewThatFindsNoDescriptorsOpensItsFilesForEachRead) {
  for (int i = 0; i < 6; ++i) write("six/" + std::to_string(i) + ".npy", 1);
  SourceCache sources(root_, SourceIo::kMmap, 1, WrittenHere::kNo);
  JoinedArrays arrays(root_, sources, WrittenHere::kNo, hours(1));
  const auto array = get(arrays, "six");
  const Array& whole = **array->array();
  View view = make_view(whole, Selection::whole(whole.shape), Form::kNpy);
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  // At its first call UndefinedBehaviorSanitizer looks at an object through a pipe, for which there is no descriptor
  // then.
  (void)system_error("", "", EMFILE);
  const int next = ::dup(STDIN_FILENO);
  ::close(next);
  const rlimit scarce{static_cast<rlim_t>(next) + 4, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &scarce), 0);
  const auto held = hold_files(view, 16);
  bool are_opened = true;
  for (const Segment& segment : view.segments) are_opened = are_opened && segment.opened().has_value();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(held);
  EXPECT_EQ(view.segments.front().file, nullptr);
  EXPECT_TRUE(are_opened);
}

TEST_F(JoinedArraysTest, RowsThatAreWrittenHereAreNoOtherVersion) {
  SourceCache sources(root_, SourceIo::kMmap, 4, WrittenHere::kYes);
  JoinedArrays arrays(root_, sources, WrittenHere::kYes, {});
  const auto array = get(arrays);
  directory_.overwrite("dir/9.npy", 130, "rows");
  arrays.distrust("dir");
  EXPECT_EQ(get(arrays)->version(), array->version());
  directory_.overwrite("dir/9.npy", 0, npy_header_bytes({.shape = {3, 2}}));
  arrays.distrust("dir");
  EXPECT_NE(get(arrays)->version(), array->version());
}

TEST_F(JoinedArraysTest, ADamagedPartIsTheProblemOfTheWhole) {
  JoinedArrays arrays(root_, sources_, WrittenHere::kNo, {});
  directory_.write("dir/9.npy", "no array");
  const auto array = get(arrays);
  ASSERT_FALSE(array->array());
  EXPECT_EQ(array->array().error().kind, ErrorKind::kMalformed);
  EXPECT_TRUE(array->array().error().sentence.starts_with("1 of 2 parts cannot be joined; 9.npy: "));
}

TEST_F(JoinedArraysTest, OfManyPartsKeepsNoMoreDescriptorsThanTheCache) {
  for (int i = 0; i < 200; ++i) write("many/" + std::to_string(i) + ".npy", 1);
  JoinedArrays arrays(root_, sources_, WrittenHere::kNo, hours(1));
  const std::size_t before = open_descriptors();
  const auto array = get(arrays, "many");
  EXPECT_EQ(rows(*array), 200u);
  EXPECT_LE(open_descriptors(), before + 4);
}

}  // namespace
}  // namespace npyfs
