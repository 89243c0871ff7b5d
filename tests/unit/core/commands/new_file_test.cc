#include "core/commands/new_file.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

using Staging = NewFile::Staging;

void put(const NewFile& file, std::string_view text) {
  ASSERT_EQ(::pwrite(file.fd(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
}

class NewFileTest : public testing::TestWithParam<Staging> {
 protected:
  const TempDirectory directory_;
};
INSTANTIATE_TEST_SUITE_P(BothWays, NewFileTest, testing::Values(Staging::kUnnamedIfPossible, Staging::kNamed));

TEST_P(NewFileTest, HasItsNameOnceItIsPublished) {
  const std::string path = directory_.path("a.npy");
  {
    auto file = NewFile::create(path, GetParam());
    ASSERT_TRUE(file) << to_message(file.error());
    put(*file, "whole");
    EXPECT_FALSE(std::filesystem::exists(path));
    const auto published = file->publish_durably();
    ASSERT_TRUE(published) << to_message(published.error());
    EXPECT_EQ(directory_.read("a.npy"), "whole");
  }
  EXPECT_EQ(directory_.read("a.npy"), "whole");
  EXPECT_EQ(directory_.entries(), 1u) << "no other name is left";
}

TEST_P(NewFileTest, IsGoneUnlessItIsPublished) {
  {
    const auto file = NewFile::create(directory_.path("a.npy"), GetParam());
    ASSERT_TRUE(file);
    put(*file, "half");
    EXPECT_EQ(directory_.entries(), GetParam() == Staging::kNamed ? 1u : 0u);
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      EXPECT_TRUE(entry.path().filename().string().starts_with(".npyfs-"));
      EXPECT_EQ(entry.path().extension(), ".tmp") << "nobody takes it for an array";
    }
  }
  EXPECT_EQ(directory_.entries(), 0u);
}

TEST_P(NewFileTest, NeverTakesTheNameOfAnother) {
  directory_.write("a.npy", "old");
  directory_.make_link("dangling.npy", "nowhere");
  for (const char* name : {"a.npy", "dangling.npy"}) {
    const auto file = NewFile::create(directory_.path(name), GetParam());
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().os_error, EEXIST);
    EXPECT_EQ(to_message(file.error()), directory_.path(name) +
                                            ": is there already, and is not overwritten: remove it or choose another "
                                            "name");
  }
  EXPECT_EQ(directory_.read("a.npy"), "old");
}

TEST_P(NewFileTest, LosesTheRaceForItsName) {
  auto file = NewFile::create(directory_.path("a.npy"), GetParam());
  ASSERT_TRUE(file);
  directory_.write("a.npy", "faster");
  const auto published = file->publish();
  ASSERT_FALSE(published);
  EXPECT_EQ(published.error().os_error, EEXIST);
  EXPECT_EQ(directory_.read("a.npy"), "faster");
}

TEST_P(NewFileTest, KeepsToTheUmask) {
  const mode_t before = ::umask(027);
  auto file = NewFile::create(directory_.path("a.npy"), GetParam());
  ::umask(before);
  ASSERT_TRUE(file && file->publish());
  EXPECT_EQ(stat_of(directory_.path("a.npy")).st_mode & 0777, mode_t{0640});
}

TEST(NewFile, NeedsADirectoryAndAName) {
  const TempDirectory directory;
  EXPECT_EQ(NewFile::create(directory.path("missing/a.npy")).error().os_error, ENOENT);
  EXPECT_EQ(NewFile::create(directory.path("")).error().os_error, EISDIR);
}

}  // namespace
}  // namespace npyfs
