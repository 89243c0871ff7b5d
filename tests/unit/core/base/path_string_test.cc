#include "core/base/path_string.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace npyfs {
namespace {

TEST(PathString, TemporaryOnesAreHiddenAndNoArrays) {
  EXPECT_THAT(temporary_name(), testing::MatchesRegex("\\.npyfs-[0-9a-f]+\\.tmp"));
  EXPECT_NE(temporary_name(), temporary_name()) << "but once in 4 * 10^9 runs";
}

TEST(PathString, ParentAndLastComponent) {
  EXPECT_EQ(parent_directory("a.npy"), ".");
  EXPECT_EQ(parent_directory("dir/a.npy"), "dir");
  EXPECT_EQ(parent_directory("/a.npy"), "/");
  EXPECT_EQ(parent_directory("/tmp/dir/a.npy"), "/tmp/dir");
  EXPECT_EQ(last_component("a.npy"), "a.npy");
  EXPECT_EQ(last_component("/tmp/dir/a.npy"), "a.npy");
  EXPECT_EQ(last_component("dir/"), "");
}

TEST(PathString, APathInADirectoryBeginsWithItsName) {
  EXPECT_EQ(path_in("sub", "a.npy"), "sub/a.npy");
  EXPECT_EQ(path_in("", "a.npy"), "a.npy") << "where paths begin";
}

TEST(PathString, TheContainingDirectoryOfAPathBelowTheRoot) {
  EXPECT_EQ(containing_directory("sub/dir/a.npy"), "sub/dir");
  EXPECT_EQ(containing_directory("a.npy"), "");
  EXPECT_EQ(containing_directory(""), "");
}

TEST(PathString, ComponentsAreTakenOffAPathOneByOne) {
  std::string path = "//sub///a.npy/";
  EXPECT_EQ(take_component(path), "sub");
  EXPECT_EQ(path, "///a.npy/");
  EXPECT_EQ(take_component(path), "a.npy");
  EXPECT_EQ(path, "/");
  EXPECT_EQ(take_component(path), "");
}

TEST(PathString, LeadingSlashesAreRemoved) {
  EXPECT_EQ(without_leading_slashes("//sub//a/"), "sub//a/");
  EXPECT_EQ(without_leading_slashes("a"), "a");
  EXPECT_EQ(without_leading_slashes("//"), "");
  EXPECT_EQ(without_leading_slashes(""), "");
}

TEST(PathString, ARelativePathLeadsFromADirectoryToWhatIsBelowIt) {
  EXPECT_EQ(relative_path("/data", "/data/sub/a.npy"), "sub/a.npy");
  EXPECT_EQ(relative_path("/data", "/data//a.npy"), "a.npy");
  EXPECT_EQ(relative_path("/data", "/data"), "");
  EXPECT_EQ(relative_path("/data", "/data2/a.npy"), std::nullopt);
  EXPECT_EQ(relative_path("/data", "/dat"), std::nullopt);
  EXPECT_EQ(relative_path("", "/data"), "data");
}

}  // namespace
}  // namespace npyfs
