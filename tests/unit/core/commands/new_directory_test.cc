#include "core/commands/new_directory.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

class NewDirectoryTest : public testing::Test {
 protected:
  std::string path() const { return directory_.path("out"); }
  static void fill(const NewDirectory& directory) {
    std::ofstream(directory.temporary_path() + "/a.npy") << "text";
    ASSERT_TRUE(std::filesystem::exists(directory.temporary_path() + "/a.npy"));
  }

  const TempDirectory directory_;
};

TEST_F(NewDirectoryTest, HasItsNameOnceItIsPublished) {
  for (const std::string end : {"", "/", "//"}) {
    {
      auto made = NewDirectory::create(path() + end);
      ASSERT_TRUE(made) << to_message(made.error());
      fill(*made);
      EXPECT_FALSE(std::filesystem::exists(path()));
      const auto published = made->publish();
      ASSERT_TRUE(published) << to_message(published.error());
    }
    EXPECT_TRUE(std::filesystem::exists(path() + "/a.npy"));
    EXPECT_EQ(directory_.entries(), 1u) << "no other name is left";
    std::filesystem::remove_all(path());
  }
}

TEST_F(NewDirectoryTest, IsGoneWithItsFilesUnlessItIsPublished) {
  {
    const auto made = NewDirectory::create(path());
    ASSERT_TRUE(made);
    fill(*made);
    EXPECT_EQ(directory_.entries(), 1u);
    EXPECT_TRUE(std::filesystem::path(made->temporary_path()).filename().string().starts_with(".npyfs-"));
  }
  EXPECT_EQ(directory_.entries(), 0u);
}

TEST_F(NewDirectoryTest, NeverTakesTheNameOfAnother) {
  directory_.make_directory("empty");
  directory_.write("file", "x");
  directory_.make_link("link", "nowhere");
  for (const char* name : {"empty", "empty/", "file", "link"}) {
    const auto made = NewDirectory::create(directory_.path(name));
    ASSERT_FALSE(made) << name;
    EXPECT_EQ(made.error().os_error, EEXIST) << name;
  }
  EXPECT_EQ(directory_.entries(), 3u);
}

TEST_F(NewDirectoryTest, LosesTheRaceForItsName) {
  auto made = NewDirectory::create(path());
  ASSERT_TRUE(made);
  directory_.make_directory("out");
  const auto published = made->publish();
  ASSERT_FALSE(published);
  EXPECT_EQ(published.error().os_error, EEXIST);
  EXPECT_TRUE(std::filesystem::is_empty(path()));
}

TEST_F(NewDirectoryTest, NeedsAParent) {
  EXPECT_EQ(NewDirectory::create(directory_.path("missing/out")).error().os_error, ENOENT);
}

}  // namespace
}  // namespace npyfs
