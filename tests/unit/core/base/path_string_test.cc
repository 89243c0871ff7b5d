#include "core/base/path_string.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace npyfs {
namespace {

TEST(FileNames, TemporaryOnesAreHiddenAndNoArrays) {
  EXPECT_THAT(temporary_name(), testing::MatchesRegex("\\.npyfs-[0-9a-f]+\\.tmp"));
  EXPECT_NE(temporary_name(), temporary_name()) << "but once in 4 * 10^9 runs";
}

TEST(FileNames, ParentAndLastComponent) {
  EXPECT_EQ(parent_directory("a.npy"), ".");
  EXPECT_EQ(parent_directory("dir/a.npy"), "dir");
  EXPECT_EQ(parent_directory("/a.npy"), "/");
  EXPECT_EQ(parent_directory("/tmp/dir/a.npy"), "/tmp/dir");
  EXPECT_EQ(last_component("a.npy"), "a.npy");
  EXPECT_EQ(last_component("/tmp/dir/a.npy"), "a.npy");
  EXPECT_EQ(last_component("dir/"), "");
}

TEST(FileNames, APathInADirectoryBeginsWithItsName) {
  EXPECT_EQ(path_in("sub", "a.npy"), "sub/a.npy");
  EXPECT_EQ(path_in("", "a.npy"), "a.npy") << "where paths begin";
}

TEST(FileNames, ComponentsAreTakenOffAPathOneByOne) {
  std::string path = "//sub///a.npy/";
  EXPECT_EQ(take_component(path), "sub");
  EXPECT_EQ(path, "///a.npy/");
  EXPECT_EQ(take_component(path), "a.npy");
  EXPECT_EQ(path, "/");
  EXPECT_EQ(take_component(path), "");
}

}  // namespace
}  // namespace npyfs
