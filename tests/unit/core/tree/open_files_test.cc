#include "core/tree/open_files.h"

#include <gtest/gtest.h>

#include "tests/unit/support/tree_fixture.h"

namespace npyfs {
namespace {

class OpenFilesTest : public TreeTest {
 protected:
  explicit OpenFilesTest(bool writable = false) : TreeTest({.default_chunks = 3, .writable = writable}) {
    directory_.write("a.npy", npy_bytes(TestArray{"'<i4'", 4, false, {10, 7}}));
    directory_.write("notes.txt", "hello");
    directory_.write("empty", "");
  }

  bool is_whole_file(std::string_view path) {
    const auto file = tree_.open(node(path));
    if (!file) ADD_FAILURE() << path << ": " << to_message(file.error());
    const bool is_whole = file && (*file)->is_whole_file();
    if (file) tree_.close(**file);
    return is_whole;
  }
};

TEST_F(OpenFilesTest, WholeFilesAreThoseOfTheSourceAlone) {
  EXPECT_TRUE(is_whole_file("notes.txt"));
  EXPECT_TRUE(is_whole_file("empty"));
  EXPECT_TRUE(is_whole_file("a.npy/source.npy"));
  for (const char* path : {"a.npy/chunks/0_of_1.npy", "a.npy/chunks/0_of_1.bin", "a.npy/slices/0_to_10.npy",
                           "a.npy/chunks/0_of_2.npy", "a.npy/info.json", ".npyfs/version", ".npy/chunks/0_of_1.npy"}) {
    EXPECT_FALSE(is_whole_file(path)) << path;
  }
}

class WritableOpenFilesTest : public OpenFilesTest {
 protected:
  WritableOpenFilesTest() : OpenFilesTest(true) {}
};

TEST_F(WritableOpenFilesTest, WhatMayBeWrittenIsNoWholeFile) {
  EXPECT_TRUE(is_whole_file("notes.txt"));
  EXPECT_FALSE(is_whole_file("a.npy/source.npy"));
}

TEST_F(OpenFilesTest, AttributesAreThoseOfTheSourceWhereTheClientReadsIt) {
  for (const char* path : {"a.npy/source.npy", "notes.txt"}) {
    const std::string source = path == std::string_view("notes.txt") ? "notes.txt" : "a.npy";
    const NodeId id = node(path);
    const auto first = tree_.open(id);
    const auto second = tree_.open(id);
    const auto size = (*first)->attributes.st_size;
    directory_.truncate(source, 2);
    EXPECT_EQ(tree_.attributes(id)->st_size, size) << path << ": reading its end is an error";
    tree_.note_passthrough(**first);
    EXPECT_EQ(tree_.attributes(id)->st_size, 2) << path;
    EXPECT_EQ(tree_.attributes(id)->st_ino, (*first)->attributes.st_ino) << path;
    tree_.close(**first);
    tree_.note_passthrough(**second);
    EXPECT_EQ(tree_.attributes(id)->st_size, 2) << path;
    tree_.close(**second);
    EXPECT_EQ(tree_.attributes(id).error().kind, ErrorKind::kStale) << path;
  }
}

}  // namespace
}  // namespace npyfs
