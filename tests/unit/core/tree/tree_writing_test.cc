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
    return tree_.write(file, offset, std::as_bytes(std::span(bytes)), false);
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
  EXPECT_TRUE(tree_.check_new_size(view, 128 + 24, kWriter, nullptr));
  for (const std::uint64_t size : {0u, 1u, 128u + 23, 128u + 25}) {
    const auto refused = tree_.check_new_size(view, size, kWriter, nullptr);
    ASSERT_FALSE(refused);
    EXPECT_EQ(to_errno(refused.error()), EINVAL);
  }
}

TEST_F(TreeWritingTest, ATruncatedFileIsWrittenWithoutGaps) {
  const NodeId view = node("a.npy/chunks/1_of_3.bin");
  EXPECT_FALSE(tree_.note_truncation(view, kWriter)) << "nobody has it open";
  const auto file = *open("a.npy/chunks/1_of_3.bin", kWriter);
  ASSERT_TRUE(write(*file, 10, "as it likes"));
  EXPECT_FALSE(tree_.note_truncation(view, kOther)) << "somebody else has it open";
  ASSERT_TRUE(tree_.note_truncation(view, kWriter));
  const std::string before = directory_.read("a.npy");
  const auto skipped = write(*file, 1, "x");
  ASSERT_FALSE(skipped);
  EXPECT_EQ(to_errno(skipped.error()), EINVAL);
  EXPECT_EQ(directory_.read("a.npy"), before);
  EXPECT_TRUE(write(*file, 0, "0123"));
  EXPECT_TRUE(write(*file, 2, "23"));
  EXPECT_TRUE(write(*file, 4, "4567"));
  EXPECT_FALSE(write(*file, 9, "x"));
  EXPECT_TRUE(tree_.write(*file, 12, std::as_bytes(std::span("pages", 4)), true)) << "mapped pages come in any order";
  EXPECT_TRUE(write(*file, 8, "89"));
  tree_.close(*file);
}

TEST_F(TreeWritingTest, ASizeIsNotSetWhereSomethingWasLeftOut) {
  const NodeId view = node("a.npy/chunks/1_of_3.bin");
  const auto file = *open("a.npy/chunks/1_of_3.bin", kWriter);
  EXPECT_TRUE(tree_.check_new_size(view, 24, kWriter, file.get())) << "was not truncated";
  ASSERT_TRUE(tree_.note_truncation(view, kWriter));
  for (const std::string_view bytes : {"", "0123456789", "0123456789012345678901"}) {
    EXPECT_TRUE(write(*file, 0, bytes));
    const auto refused = tree_.check_new_size(view, 24, kWriter, file.get());
    ASSERT_FALSE(refused);
    EXPECT_EQ(to_errno(refused.error()), EINVAL);
    EXPECT_THAT(to_message(refused.error()), testing::HasSubstr("cp --sparse=never"));
    EXPECT_FALSE(tree_.check_new_size(view, 24, kWriter, nullptr)) << "truncate() of what it has open itself";
    EXPECT_TRUE(tree_.check_new_size(view, 24, kOther, nullptr)) << "somebody else's business";
  }
  EXPECT_TRUE(write(*file, 22, "ab"));
  EXPECT_TRUE(tree_.check_new_size(view, 24, kWriter, file.get()));
  EXPECT_TRUE(tree_.check_new_size(view, 24, kWriter, nullptr));
  tree_.close(*file);
}

TEST_F(TreeWritingTest, ACloseSaysWhatWasLeftOut) {
  const NodeId view = node("a.npy/chunks/1_of_3.bin");
  const auto file = *tree_.open_for_writing(view, Opening::kForWriting, kWriter);
  EXPECT_TRUE(write(*file, 4, "0123"));
  EXPECT_TRUE(tree_.flush(*file, kWriter)) << "was not truncated";
  ASSERT_TRUE(tree_.note_truncation(view, kWriter));
  EXPECT_TRUE(tree_.flush(*file, kWriter)) << "nothing was written";
  EXPECT_TRUE(write(*file, 0, "0123"));
  EXPECT_TRUE(tree_.flush(*file, kOther)) << "one of many that write one after another";
  const auto told = tree_.flush(*file, kWriter);
  ASSERT_FALSE(told);
  EXPECT_EQ(to_errno(told.error()), EINVAL);
  EXPECT_THAT(to_message(told.error()), testing::HasSubstr("written up to byte 4 of 24"));
  EXPECT_TRUE(write(*file, 4, "45678901234567890123"));
  EXPECT_TRUE(tree_.flush(*file, kWriter)) << "everything was written";
  tree_.close(*file);
}

TEST_F(TreeWritingTest, ACloseSaysNothingToThoseWhoKnow) {
  const NodeId view = node("a.npy/chunks/1_of_3.bin");
  const auto failed = *tree_.open_for_writing(view, Opening::kForWriting, kWriter);
  ASSERT_TRUE(tree_.note_truncation(view, kWriter));
  EXPECT_TRUE(write(*failed, 0, "0123"));
  EXPECT_FALSE(write(*failed, 24, "x"));
  EXPECT_TRUE(tree_.flush(*failed, kWriter)) << "a write has failed";
  EXPECT_TRUE(failed->writing->what_was_left_out()) << "for the log";
  tree_.close(*failed);
}

TEST_F(TreeWritingTest, ACloseSaysNothingToThoseWhoMayHaveMappedTheFileOrCannotBeToldApart) {
  const NodeId view = node("a.npy/chunks/1_of_3.bin");
  for (const auto& [opening, process] :
       {std::pair(Opening::kForReadingAndWriting, kWriter), {Opening::kForWriting, 0}}) {
    const auto file = *tree_.open_for_writing(view, opening, process);
    ASSERT_TRUE(tree_.note_truncation(view, process));
    EXPECT_TRUE(write(*file, 0, "0123"));
    EXPECT_TRUE(tree_.flush(*file, process)) << process;
    tree_.close(*file);
  }
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
