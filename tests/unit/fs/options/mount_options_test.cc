// An option is a row of a table, a line of --help, a row of npyfs(1), and a word of two completions.
#include "fs/options/mount_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>

#include "fs/options/usage.h"
#include "tests/unit/support/corpus.h"

namespace npyfs {
namespace {

using testing::UnorderedElementsAreArray;

// A file of the repository.
std::string document(const char* path) {
  const std::string text = read_file(corpus("..") / path);
  EXPECT_NE(text, "") << path;
  return text;
}

bool is_flag(std::string_view name) {
  return name.starts_with('-');
}

// The options of -o, without flags.
std::set<std::string> documented() {
  std::set<std::string> names;
  for (const auto name : documented_mount_options()) {
    if (!is_flag(name)) names.emplace(name);
  }
  return names;
}

// What the first group of `pattern` matches anywhere in `text`.
std::set<std::string> all_matches(const std::string& text, const char* pattern) {
  const std::regex regex(pattern);
  std::set<std::string> found;
  for (std::sregex_iterator match(text.begin(), text.end(), regex), end; match != end; ++match)
    found.insert((*match)[1]);
  return found;
}

TEST(MountOptions, HelpShowsEachAndNoOther) {
  std::set<std::string> shown;
  for (const auto& list : all_matches(usage(), "\n  -o ((?:[a-z0-9_]+(?:=[A-Z]+)?(?:, )?)+)")) {
    shown.merge(all_matches(list, "([a-z0-9_]+)"));
  }
  EXPECT_THAT(shown, UnorderedElementsAreArray(documented()));
}

TEST(MountOptions, TheManPageHasEachAndNoOther) {
  auto in_man_page = all_matches(document("fs/man/npyfs.1.md"), "\n\\| (?:`-d`, )?`-o ([a-z0-9_]+)");
  EXPECT_EQ(in_man_page.erase("debug"), 1u) << "left out of --help, which is one screen";
  EXPECT_THAT(in_man_page, UnorderedElementsAreArray(documented()));
}

TEST(MountOptions, BashCompletesEachAndNoOther) {
  const std::string text = document("fs/install/npyfs.bash");
  const std::smatch list = [&] {
    std::smatch found;
    EXPECT_TRUE(std::regex_search(text, found, std::regex("-P \"\\$given\" -W '([^']*)'")));
    return found;
  }();
  EXPECT_THAT(all_matches(list[1], "([a-z0-9_]+)"), UnorderedElementsAreArray(documented()));
}

TEST(MountOptions, ZshCompletesEachAndNoOther) {
  EXPECT_THAT(all_matches(document("fs/install/npyfs.zsh"), "\n    ['\"]\\*?([a-z0-9_]+)\\["),
              UnorderedElementsAreArray(documented()));
}

TEST(MountOptions, DocumentsHaveEachFlag) {
  for (const auto flag : documented_mount_options()) {
    if (!is_flag(flag)) continue;
    EXPECT_THAT(usage(), testing::HasSubstr(std::string(flag)));
    EXPECT_THAT(document("fs/man/npyfs.1.md"), testing::HasSubstr("`" + std::string(flag) + "`"));
    for (const char* completion : {"fs/install/npyfs.bash", "fs/install/npyfs.zsh"}) {
      EXPECT_THAT(document(completion), testing::HasSubstr(std::string(flag))) << completion;
    }
  }
}

}  // namespace
}  // namespace npyfs
