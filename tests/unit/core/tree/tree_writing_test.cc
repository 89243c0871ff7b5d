#include <fmt/format.h>
#include <gmock/gmock.h>

#include <span>
#include <string>

#include "tests/unit/support/tree_fixture.h"

namespace npyfs {
namespace {

// Larger than the number of any process (PID_MAX_LIMIT of Linux is 2^22).
constexpr pid_t kWriter = (1 << 22) + 77;
constexpr pid_t kOther = kWriter + 1;

class TreeWritingTest : public TreeTest {
 protected:
  TreeWritingTest() : TreeTest({.default_chunks = 3, .writable = true}) {
    directory_.write("a.npy", npy_bytes(array_));
  }

  Result<std::shared_ptr<const OpenFile>> open(std::string_view path, pid_t process = kWriter) {
    return tree_.open_for_writing(node(path), Opening::kForReadingAndWriting, process);
  }
  ErrorKind why_not(std::string_view path) {
    const auto file = open(path);
    EXPECT_FALSE(file) << path;
    return file ? ErrorKind::kSystem : file.error().kind;
  }
  Result<void> write(const OpenFile& file, std::uint64_t offset, std::string_view bytes) const {
    return tree_.write(file, offset, std::as_bytes(std::span(bytes)));
  }
  std::string attribute(std::string_view path, std::string_view name) {
    const auto attributes = tree_.extended_attributes(node(path));
    for (const auto& attribute : *attributes) {
      if (attribute.name == name) return attribute.value;
    }
    return "none";
  }

  const TestArray array_{"'<i4'", 4, false, {9, 2}};
};

class ReadOnlyTreeTest : public TreeTest {};

TEST_F(ReadOnlyTreeTest, OpensNothingForWriting) {
  directory_.write("a.npy", npy_bytes({.shape = {9}}));
  const auto file = tree_.open_for_writing(node("a.npy/chunks/0_of_3.npy"), Opening::kForWriting, kWriter);
  ASSERT_FALSE(file);
  EXPECT_EQ(to_errno(file.error()), EROFS);
  EXPECT_EQ(tree_.attributes(node("a.npy/chunks/0_of_3.npy"))->st_mode & 0222u, 0u);
}

TEST_F(TreeWritingTest, ViewsAndSourcesOfArraysAreForWriting) {
  for (const char* path :
       {"a.npy/chunks/1_of_3.npy", "a.npy/chunks/1_of_3.bin", "a.npy/slices/0_to_2.npy",
        "a.npy/axis1/chunks/0_of_2.npy", "a.npy/source.npy", "a.npy/items/7.npy", "a.npy/batches/4/2.npy",
        "a.npy/index/::-2,1.npy", "a.npy/slices/1_to_9_by_3.bin", "a.npy/chunks/1_of_3/items/0.npy"}) {
    EXPECT_EQ(tree_.attributes(node(path))->st_mode & 0777u, 0644u) << path;
    const auto file = open(path);
    ASSERT_TRUE(file) << path << ": " << to_message(file.error());
    const std::string bytes = read(**file);
    EXPECT_EQ(bytes, read(path));
    EXPECT_TRUE(write(**file, 0, bytes)) << path << ": what is there may always be written";
    EXPECT_TRUE(tree_.sync(**file));
    tree_.close(**file);
  }
  EXPECT_EQ(directory_.read("a.npy"), npy_bytes(array_));
}

TEST_F(TreeWritingTest, NothingElseIs) {
  directory_.write("notes.txt", "hello");
  directory_.write("damaged.npy", "hello");
  directory_.write("objects.npy", npy_bytes({"'|O'", 8, false, {4}}));
  for (const char* path : {"a.npy/info.json", "notes.txt", "damaged.npy/source.npy", "damaged.npy/error.txt",
                           "objects.npy/source.npy", ".npyfs/version"}) {
    EXPECT_EQ(why_not(path), ErrorKind::kNotWritable) << path;
    EXPECT_EQ(tree_.attributes(node(path))->st_mode & 0222u, 0u) << path;
  }
}

TEST_F(TreeWritingTest, ReadersSeeWhatWasWrittenThroughOtherViews) {
  const auto reader = *tree_.open(node("a.npy/chunks/0_of_1.bin"));
  const auto writer = *open("a.npy/axis1/chunks/1_of_2.bin");
  ASSERT_TRUE(write(*writer, 4, "now!"));
  EXPECT_EQ(read(*reader).substr(12, 4), "now!");
  EXPECT_EQ(read("a.npy/chunks/0_of_1.bin").substr(12, 4), "now!");
  tree_.close(*reader);
  tree_.close(*writer);
}

TEST_F(TreeWritingTest, ANodeStaysTheSameWhileItsRowsAreWritten) {
  const NodeId before = node("a.npy/chunks/1_of_3.npy");
  const auto file = *open("a.npy/chunks/1_of_3.npy");
  ASSERT_TRUE(write(*file, 128, "written!"));
  EXPECT_EQ(node("a.npy/chunks/1_of_3.npy"), before);
  EXPECT_TRUE(tree_.attributes(before));
  tree_.close(*file);
  directory_.overwrite("a.npy", 0, npy_header_bytes({"'<u4'", 4, false, {9, 2}}));
  EXPECT_NE(node("a.npy/chunks/1_of_3.npy"), before) << "rewritten with another header";
}

TEST_F(TreeWritingTest, ARowHasOneViewOpenForWriting) {
  auto first = *open("a.npy/chunks/1_of_3.npy");
  EXPECT_TRUE(open("a.npy/chunks/01_of_3.npy", kOther)) << "the same view";
  EXPECT_TRUE(open("a.npy/chunks/2_of_3.npy")) << "its neighbour";
  for (const char* path :
       {"a.npy/chunks/1_of_3.bin", "a.npy/slices/0_to_4.npy", "a.npy/axis1/chunks/0_of_2.npy", "a.npy/source.npy"}) {
    EXPECT_EQ(why_not(path), ErrorKind::kBusy) << path;
    EXPECT_TRUE(tree_.open(node(path))) << "for reading";
  }
  EXPECT_EQ(to_message(open("a.npy/slices/0_to_4.npy").error()),
            fmt::format("a.npy: rows 0 to 4 overlaps chunk 1 of 3, which process {} has open for writing", kWriter));
  tree_.close(*first);
  first.reset();
  EXPECT_TRUE(open("a.npy/slices/0_to_4.npy"));
}

TEST_F(TreeWritingTest, ViewsThatShareNoByteAreOpenForWritingAtOnce) {
  const auto even = *open("a.npy/index/::2.npy");
  const auto odd = *open("a.npy/index/1::2.npy");
  EXPECT_TRUE(open("a.npy/slices/0_to_9_by_2.npy", kOther)) << "another name of the view";
  EXPECT_EQ(to_message(open("a.npy/items/2.npy").error()),
            fmt::format("a.npy: item 2 overlaps a[::2], which process {} has open for writing", kWriter));
  for (const char* path : {"a.npy/items/1.npy", "a.npy/batches/4/1.npy", "a.npy/index/-1,0.npy", "a.npy/index/::-1.npy",
                           "a.npy/chunks/1_of_3/items/0.npy", "a.npy/axis1/items/0.npy", "a.npy/source.npy"}) {
    EXPECT_EQ(why_not(path), ErrorKind::kBusy) << path;
  }
  ASSERT_TRUE(write(*even, 128 + 8, "row 2   "));
  ASSERT_TRUE(write(*odd, 128 + 8, "row 3   "));
  EXPECT_EQ(directory_.read("a.npy").substr(128 + 16, 16), "row 2   row 3   ");
  tree_.close(*even);
  tree_.close(*odd);
}

TEST_F(TreeWritingTest, BatchesAndItemsOfOtherRowsAreOpenForWritingAtOnce) {
  const auto batch = *open("a.npy/batches/4/1.npy");
  const auto item = *open("a.npy/items/3.npy");
  const auto last = *open("a.npy/batches/4/2.bin");
  EXPECT_EQ(why_not("a.npy/items/4.npy"), ErrorKind::kBusy);
  EXPECT_EQ(why_not("a.npy/items/8.npy"), ErrorKind::kBusy);
  EXPECT_EQ(to_message(open("a.npy/slices/3_to_4.npy").error()),
            fmt::format("a.npy: rows 3 to 4 overlaps item 3, which process {} has open for writing", kWriter));
  for (const auto& file : {batch, item, last}) tree_.close(*file);
}

TEST_F(TreeWritingTest, FieldsAreOpenForWritingAtOnce) {
  const TestArray array{"[('x', '<i2'), ('y', '<i2', (3,))]", 8, false, {9}};
  directory_.write("s.npy", npy_bytes(array));
  const auto x = *open("s.npy/fields/x.npy");
  const auto y = *open("s.npy/fields/y/items/1.npy");
  EXPECT_TRUE(open("s.npy/chunks/0_of_3/fields/y/items/0.npy").has_value());
  EXPECT_EQ(to_message(open("s.npy/items/0.npy").error()).substr(0, 22), "s.npy: item 0 overlaps");
  EXPECT_EQ(why_not("s.npy/chunks/1_of_3/fields/x.npy"), ErrorKind::kBusy);
  EXPECT_EQ(why_not("s.npy/index/1:2/fields/y.npy"), ErrorKind::kBusy);
  EXPECT_TRUE(open("s.npy/index/1/fields/y.npy").has_value()) << "another name of the view";
  ASSERT_TRUE(write(*x, 128 + 2, "x1"));
  ASSERT_TRUE(write(*y, 128, "y1"));
  EXPECT_EQ(directory_.read("s.npy").substr(128 + 8, 4), "x1y1");
  tree_.close(*x);
  tree_.close(*y);
}

TEST_F(TreeWritingTest, OpenViewsOfOneSourceUnderTwoNamesExcludeEachOther) {
  directory_.make_link("b.npy", "a.npy");
  const auto first = *open("a.npy/chunks/1_of_3.npy");
  EXPECT_EQ(why_not("b.npy/chunks/1_of_3.npy"), ErrorKind::kBusy);
  tree_.close(*first);
}

TEST_F(TreeWritingTest, KnowsHowMuchWasWritten) {
  EXPECT_EQ(attribute("a.npy/chunks/1_of_3.npy", "user.npyfs.written"), "0");
  const auto file = *open("a.npy/chunks/1_of_3.npy");
  const std::string bytes = read(*file);
  ASSERT_TRUE(write(*file, 0, bytes));
  EXPECT_EQ(attribute("a.npy/chunks/1_of_3.npy", "user.npyfs.written"), "24") << "the header does not count";
  ASSERT_TRUE(write(*file, 140, "abcd"));
  EXPECT_FALSE(write(*file, bytes.size(), "abcd"));
  EXPECT_EQ(attribute("a.npy/chunks/01_of_3.npy", "user.npyfs.written"), "28");
  EXPECT_EQ(attribute("a.npy/chunks/2_of_3.npy", "user.npyfs.written"), "0");
  EXPECT_EQ(tree_.written_bytes().of("a.npy/chunks/1_of_3.npy"), 28u);
  tree_.close(*file);
}

TEST_F(TreeWritingTest, ASizeCanBeSetToWhatItIs) {
  const NodeId view = node("a.npy/chunks/1_of_3.npy");
  EXPECT_TRUE(tree_.set_size(view, 128 + 24, nullptr));
  for (const std::uint64_t size : {0u, 1u, 128u + 23, 128u + 25}) {
    const auto refused = tree_.set_size(view, size, nullptr);
    ASSERT_FALSE(refused);
    EXPECT_EQ(to_errno(refused.error()), EINVAL);
  }
}

TEST_F(TreeWritingTest, WhatIsNotWrittenAfterATruncationIsZerosAtClose) {
  const NodeId view = node("a.npy/chunks/1_of_3.bin");
  EXPECT_FALSE(tree_.note_truncation(view, kWriter)) << "nobody has it open";
  const auto file = *open("a.npy/chunks/1_of_3.bin", kWriter);
  ASSERT_TRUE(write(*file, 10, "as it likes"));
  EXPECT_FALSE(tree_.note_truncation(view, kOther)) << "somebody else has it open";
  const std::string before = directory_.read("a.npy");
  ASSERT_TRUE(tree_.note_truncation(view, kWriter));
  EXPECT_TRUE(write(*file, 3, "3"));
  EXPECT_TRUE(write(*file, 1, "1"));
  EXPECT_TRUE(tree_.set_size(view, 24, file.get())) << "as cp --sparse ends";
  EXPECT_TRUE(tree_.flush(*file));
  const std::string rows = std::string(
                               "\0"
                               "1\0"
                               "3",
                               4) +
                           std::string(20, '\0');
  EXPECT_EQ(directory_.read("a.npy"), before.substr(0, 128 + 24) + rows + before.substr(128 + 48));
  EXPECT_TRUE(write(*file, 20, "4567")) << "through a copy of the descriptor";
  EXPECT_TRUE(tree_.flush(*file));
  EXPECT_EQ(read(*file), rows.substr(0, 20) + "4567");
  tree_.close(*file);
}

TEST_F(TreeWritingTest, WhoReadsATruncatedFileReadsZeros) {
  const auto reader = *tree_.open(node("a.npy/chunks/1_of_3.npy"));
  const auto file = *open("a.npy/chunks/1_of_3.npy");
  const std::string header = read(*file).substr(0, 128);
  ASSERT_TRUE(tree_.note_truncation(file->node, kWriter));
  EXPECT_TRUE(write(*file, 130, "x"));
  EXPECT_EQ(read(*reader), header + std::string("\0\0x", 3) + std::string(21, '\0'));
  EXPECT_EQ(read(*file), read(*reader));
  tree_.close(*file);
  tree_.close(*reader);
}

TEST_F(TreeWritingTest, WhatAnotherOpenFileOfTheViewWritesStays) {
  const auto first = *open("a.npy/chunks/1_of_3.bin", kWriter);
  const auto second = *open("a.npy/chunks/1_of_3.bin", kOther);
  ASSERT_TRUE(tree_.note_truncation(first->node, kWriter));
  EXPECT_FALSE(write(*second, 24, "x")) << "beyond the end: takes back nothing, since it has not truncated";
  EXPECT_TRUE(write(*second, 22, "ab"));
  EXPECT_TRUE(tree_.flush(*first));
  EXPECT_EQ(read(*second), std::string(22, '\0') + "ab");
  tree_.close(*first);
  tree_.close(*second);
}

TEST_F(TreeWritingTest, WhatIsRefusedLeavesTheRowsAlsoAfterATruncation) {
  const std::string before = directory_.read("a.npy");
  const auto file = *open("a.npy/chunks/1_of_3.npy");
  ASSERT_TRUE(tree_.note_truncation(file->node, kWriter));
  EXPECT_FALSE(write(*file, 0, "no header"));
  const auto told = tree_.flush(*file);
  ASSERT_FALSE(told);
  EXPECT_EQ(to_errno(told.error()), EINVAL) << "for those who look at close alone";
  EXPECT_EQ(directory_.read("a.npy"), before);
  EXPECT_TRUE(write(*file, 0, read(*file))) << "the right one";
  EXPECT_TRUE(tree_.flush(*file));
  tree_.close(*file);
}

// A header of chunk 1 of 3 as others write it: padded to 16 bytes (cnpy), or to more than numpy does.
std::string header_of_size(std::size_t size) {
  std::string header("\x93NUMPY\1\0", 8);
  header += static_cast<char>((size - 10) & 0xff);
  header += static_cast<char>((size - 10) >> 8);
  header += "{'descr': '<i4', 'fortran_order': False, 'shape': (3, 2), }";
  header.resize(size - 1, ' ');
  return header + '\n';
}

TEST_F(TreeWritingTest, WhoEmptiesAFileAndWritesAHeaderOfAnotherSizeHasItsBodyBehindIt) {
  const std::string before = directory_.read("a.npy");
  const std::string body = "abcdefghijklmnopqrstuvwx";
  for (const std::size_t size : {80u, 192u}) {
    for (const std::size_t piece : {size, size + 1, size + 10, size + 24}) {
      directory_.write("a.npy", before);
      const auto file = *tree_.open_for_writing(node("a.npy/chunks/1_of_3.npy"), Opening::kForWriting, kWriter);
      ASSERT_TRUE(tree_.note_truncation(file->node, kWriter));
      const std::string bytes = header_of_size(size) + body;
      EXPECT_TRUE(write(*file, 0, bytes.substr(0, piece)));
      EXPECT_TRUE(write(*file, piece, bytes.substr(piece)));
      EXPECT_FALSE(write(*file, size + 24, "x")) << "beyond the end";
      EXPECT_TRUE(tree_.flush(*file));
      EXPECT_EQ(read(*file), file->view.header + body);
      EXPECT_FALSE(write(*file, 8, "xy")) << "another header";
      EXPECT_FALSE(tree_.flush(*file));
      EXPECT_FALSE(write(*file, size + 2, "XY")) << "behind a header that was refused";
      EXPECT_TRUE(write(*file, 0, header_of_size(size)));
      EXPECT_TRUE(write(*file, size + 2, "XY")) << "behind the right one";
      EXPECT_TRUE(tree_.flush(*file));
      tree_.close(*file);
      EXPECT_EQ(directory_.read("a.npy"), before.substr(0, 152) + "abXYefghijklmnopqrstuvwx" + before.substr(176));
    }
  }
}

TEST_F(TreeWritingTest, WhoMayHaveAnotherBodyThanTheFileHasIsRefusedAHeaderOfAnotherSize) {
  const std::string before = directory_.read("a.npy");
  const NodeId view = node("a.npy/chunks/1_of_3.npy");
  auto file = *tree_.open_for_writing(view, Opening::kForWriting, kWriter);
  ASSERT_TRUE(tree_.note_truncation(view, kWriter));
  EXPECT_FALSE(write(*file, 80, "x")) << "before its header";
  EXPECT_EQ(directory_.read("a.npy"), before);
  ASSERT_TRUE(tree_.note_truncation(view, kWriter));
  EXPECT_TRUE(write(*file, 128, "xyz"));
  EXPECT_FALSE(write(*file, 0, header_of_size(80))) << "something was written by the size that is there";
  tree_.close(*file);
  file.reset();
  file = *tree_.open_for_writing(view, Opening::kForReadingAndWriting, kWriter);
  ASSERT_TRUE(tree_.note_truncation(view, kWriter));
  EXPECT_FALSE(write(*file, 0, header_of_size(80))) << "may be mapped";
  tree_.close(*file);
}

TEST_F(TreeWritingTest, OnlyWhatCannotBeMappedIsEmptiedByItsSize) {
  const NodeId view = node("a.npy/chunks/1_of_3.bin");
  auto alone = *tree_.open_for_writing(view, Opening::kForWriting, kWriter);
  EXPECT_FALSE(tree_.set_size(view, 1, alone.get()));
  ASSERT_TRUE(tree_.set_size(view, 0, alone.get()));
  EXPECT_EQ(read(*alone), std::string(24, '\0'));
  tree_.close(*alone);
  alone.reset();
  const auto both = *tree_.open_for_writing(view, Opening::kForReadingAndWriting, kWriter);
  const auto beside = *tree_.open_for_writing(view, Opening::kForWriting, kWriter);
  EXPECT_FALSE(tree_.set_size(view, 0, both.get()));
  EXPECT_FALSE(tree_.set_size(view, 0, beside.get())) << "the other one may have mapped it";
  tree_.close(*both);
  tree_.close(*beside);
}

TEST_F(TreeWritingTest, AWriterOfAReplacedSourceIsTold) {
  const auto file = *open("a.npy/chunks/1_of_3.npy");
  directory_.replace("a.npy", npy_bytes({"'<i4'", 4, false, {5, 2}}));
  const std::string replacement = directory_.read("a.npy");
  const auto written = write(*file, 130, "abcd");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kStale);
  EXPECT_EQ(directory_.read("a.npy"), replacement);
  EXPECT_TRUE(open("a.npy/chunks/1_of_3.npy")) << "another file";
  tree_.close(*file);
}

}  // namespace
}  // namespace npyfs
