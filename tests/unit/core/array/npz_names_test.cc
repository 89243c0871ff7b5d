#include "core/array/npz_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace npyfs {
namespace {

using testing::ElementsAre;

NpzNames names_of(const std::vector<std::string>& raw_names) {
  NpzNames names;
  std::uint64_t position = 0;
  for (const auto& name : raw_names) names.add({.raw_name = name, .is_utf8 = true, .position = position++});
  names.sort();
  return names;
}

std::vector<std::string> children(const NpzNames& names, const std::string& directory) {
  std::vector<std::string> found;
  std::uint64_t next = 0;
  while (const auto child = names.child(directory, next)) {
    found.push_back(std::string(child->name) + (child->is_directory ? "/" : ""));
    next = child->next;
  }
  return found;
}

TEST(NpzNames, AreATreeOfDirectories) {
  // '-' comes before '/' in ASCII, and '0' behind it: a directory's names are no neighbours of its own name.
  const NpzNames names = names_of({"w/1/a.npy", "w-.npy", "w0.npy", "w/1/b.npy", "w/2.npy", "x.npy", "v/"});
  EXPECT_THAT(children(names, ""), ElementsAre("v/", "w-.npy", "w/", "w0.npy", "x.npy"));
  EXPECT_THAT(children(names, "w"), ElementsAre("1/", "2.npy"));
  EXPECT_THAT(children(names, "w/1"), ElementsAre("a.npy", "b.npy"));
  EXPECT_THAT(children(names, "v"), ElementsAre());
  EXPECT_THAT(children(names, "w/"), ElementsAre());
  for (const char* directory : {"", "w", "w/1", "v"}) EXPECT_TRUE(names.has_directory(directory)) << directory;
  for (const char* none : {"w/", "w/1/", "x.npy", "w/2", "y", "/"}) EXPECT_FALSE(names.has_directory(none)) << none;
  EXPECT_TRUE(names.find("w/2.npy"));
  for (const char* none : {"", "w", "w/", "v/", "w/2", "w/2.npy/", "zz"}) EXPECT_FALSE(names.find(none)) << none;
  EXPECT_EQ(names.left_out_count(), 0u);
}

TEST(NpzNames, TheLastOfEqualNamesCounts) {
  const NpzNames names = names_of({"a.npy", "b.npy", "a.npy", "b.npy", "a.npy"});
  EXPECT_EQ(names.count(), 2u);
  EXPECT_EQ(names.find("a.npy")->position, 4u);
  EXPECT_EQ(names.find("b.npy")->position, 3u);
}

TEST(NpzNames, AFileThatIsADirectoryTooIsLeftOut) {
  const NpzNames names = names_of({"a.npy", "a.npy/b.npy", "c", "c/", "d.npy"});
  EXPECT_THAT(children(names, ""), ElementsAre("a.npy/", "c/", "d.npy"));
  ASSERT_EQ(names.left_out_count(), 2u);
  EXPECT_EQ(names.left_out()[0].subject, "a.npy");
  EXPECT_EQ(names.left_out()[1].subject, "c");
}

TEST(NpzNames, NamesThatAreNoPathAreLeftOut) {
  using std::string_literals::operator""s;
  const std::string longest = std::string(255, 'n') + "/" + std::string(255, 'n');
  EXPECT_EQ(why_no_path(longest, true), "");
  EXPECT_EQ(why_no_path("a.npy/", true), "") << "the record of a directory";
  EXPECT_EQ(why_no_path("...", true), "");
  EXPECT_EQ(why_no_path("a/source.npz", true), "") << "below a directory it is free";
  for (const std::string& name : {""s, "/"s, "/a"s, ".."s, "a/.."s, "../"s, "a/../b"s, "."s, "a//b"s, "a//"s, "a\0b"s,
                                  "\xff"s, "source.npz"s, "error.txt"s, std::string(256, 'n'), longest + "n"}) {
    EXPECT_NE(why_no_path(name, true), "") << name;
  }
}

TEST(NpzNames, OnlyTheFirstThatAreLeftOutAreKept) {
  std::vector<std::string> raw_names(1000, "../" + std::string(5000, 'x'));
  const NpzNames names = names_of(raw_names);
  EXPECT_EQ(names.left_out_count(), 1000u);
  ASSERT_EQ(names.left_out().size(), NpzNames::kMostLeftOut);
  EXPECT_LT(names.left_out().back().subject.size(), 300u);
}

}  // namespace
}  // namespace npyfs
