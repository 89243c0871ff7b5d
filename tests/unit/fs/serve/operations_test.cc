#include "fs/serve/operations.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "tests/unit/support/before_watching.h"
#include "tests/unit/support/operations_fixture.h"

namespace npyfs {
namespace {

TEST_F(OperationsTest, LookupSaysWhatANameIsAndHowLongThatHolds) {
  const auto reply = look_up(kRootNode, "notes.txt");
  ASSERT_EQ(reply.error, 0);
  const auto entry = structure_in<fuse_entry_out>(reply.body);
  EXPECT_GT(entry.nodeid, kRootNode);
  EXPECT_EQ(entry.attr.size, 5u);
  EXPECT_EQ(entry.attr.mode & S_IFMT, unsigned{S_IFREG});
  EXPECT_EQ(entry.attr.nlink, 1u);
  EXPECT_EQ(entry.attr.blocks, 1u);
  EXPECT_EQ(entry.entry_valid, 2u);
  EXPECT_EQ(entry.entry_valid_nsec, 250'000'000u);
  EXPECT_EQ(entry.attr_valid, 1u);
  EXPECT_EQ(entry.attr_valid_nsec, 500'000'000u);
}

TEST_F(OperationsTest, AMissingNameIsAnErrorWithoutANegativeTimeout) {
  EXPECT_EQ(look_up(kRootNode, "missing").error, ENOENT);
  EXPECT_EQ(look_up(node("a.npy/chunks"), "4_of_4.npy").error, ENOENT);
  EXPECT_EQ(look_up(12345, "x").error, ESTALE);
  EXPECT_EQ(mount_.counters.errors, 0u) << "missing names are everyday life";
}

TEST_F(OperationsTest, AttributesAndTheirTimeout) {
  const auto reply = kernel_.ask(FUSE_GETATTR, node("a.npy/chunks/0_of_3.npy"), bytes_of(fuse_getattr_in{}));
  ASSERT_EQ(reply.error, 0);
  const auto attributes = structure_in<fuse_attr_out>(reply.body);
  EXPECT_EQ(attributes.attr.size, 128u + 4 * 7 * 4);
  EXPECT_EQ(attributes.attr_valid, 1u);
  EXPECT_EQ(kernel_.ask(FUSE_GETATTR, 999, bytes_of(fuse_getattr_in{})).error, ESTALE);
}

TEST_F(OperationsTest, ReadsAFileInPieces) {
  const std::uint64_t source = node("a.npy/source.npy");
  const std::uint64_t handle = handle_in(open(source));
  const std::string expected = npy_bytes(array_);
  std::string bytes;
  while (bytes.size() < expected.size()) {
    const auto reply = read(source, handle, bytes.size(), 100);
    ASSERT_EQ(reply.error, 0);
    ASSERT_FALSE(reply.body.empty());
    bytes += reply.body;
  }
  EXPECT_EQ(bytes, expected);
  EXPECT_EQ(read(source, handle, expected.size(), 100).body, "") << "the end of the file";
  EXPECT_TRUE(read(source, handle, ~std::uint64_t{0} >> 1, 100).came);
  EXPECT_EQ(mount_.counters.bytes_read, expected.size());
  EXPECT_EQ(release(source, handle).error, 0);
  EXPECT_EQ(mount_.tree.open_file_count(), 0u);
}

TEST_F(OperationsTest, ReadsAViewOfManyRuns) {
  const TestArray matrix{"'<f8'", 8, false, {5000, 3}};
  directory_.write("m.npy", npy_bytes(matrix));
  const std::uint64_t column = node("m.npy/axis1/chunks/1_of_3.bin");
  const std::uint64_t handle = handle_in(open(column));
  const std::string expected = slice_bytes(matrix, pattern_bytes(matrix.data_size()), 1, {1, 2});
  EXPECT_TRUE(read(column, handle, 0, 100'000).body == expected);
  EXPECT_TRUE(read(column, handle, 8, 8 * 300).body == expected.substr(8, 8 * 300)) << "one iovec a run";
  release(column, handle);
}

TEST_F(OperationsTest, HandlesThatWereNeverGivenOutAreBad) {
  const std::uint64_t notes = node("notes.txt");
  const std::uint64_t handle = handle_in(open(notes));
  release(notes, handle);
  for (const std::uint64_t bad : {handle, handle + 1, std::uint64_t{0}, ~std::uint64_t{0}}) {
    EXPECT_EQ(read(notes, bad, 0, 100).error, EBADF) << bad;
    EXPECT_EQ(read(kRootNode, bad, 0, 4096, FUSE_READDIR).error, EBADF) << bad;
    EXPECT_EQ(release(notes, bad).error, 0) << bad;
  }
}

TEST_F(OperationsTest, RequestsThatNoKernelSendsAreRefused) {
  const std::uint64_t notes = node("notes.txt");
  const std::uint64_t handle = handle_in(open(notes));
  EXPECT_EQ(read(notes, handle, ~std::uint64_t{0}, 100).error, EINVAL) << "a negative offset";
  EXPECT_EQ(read(notes, handle, 0, ~std::uint32_t{0}).error, EINVAL) << "more than was agreed on";
  EXPECT_EQ(read(notes, handle, 0, 100).body, "hello");
  release(notes, handle);
}

TEST_F(OperationsTest, OpensForReadingOnly) {
  const std::uint64_t notes = node("notes.txt");
  EXPECT_EQ(open(notes, O_WRONLY).error, EROFS);
  EXPECT_EQ(open(notes, O_RDWR).error, EROFS);
  EXPECT_EQ(open(node("a.npy")).error, EISDIR);
  EXPECT_EQ(open(999).error, ESTALE);
  EXPECT_EQ(mount_.tree.open_file_count(), 0u);
  EXPECT_EQ(mount_.requests.of(FUSE_OPEN).succeeded, 0u);
}

TEST_F(OperationsTest, ATruncatedSourceIsAnInputOutputErrorAndIsCounted) {
  const std::uint64_t chunk = node("a.npy/chunks/0_of_1.npy");
  const std::uint64_t handle = handle_in(open(chunk));
  directory_.truncate("a.npy", 200);
  EXPECT_EQ(read(chunk, handle, 0, 4096).error, EIO);
  EXPECT_EQ(mount_.counters.errors, 1u);
  release(chunk, handle);
}

TEST_F(OperationsTest, ForgetsAreAnsweredWithNothing) {
  const std::uint64_t notes = node("notes.txt");
  const std::uint64_t again = node("notes.txt");
  ASSERT_EQ(notes, again);
  const std::uint64_t array = node("a.npy");
  EXPECT_EQ(mount_.tree.node_count(), 3u);
  EXPECT_FALSE(forget(notes, 1).came);
  EXPECT_EQ(mount_.tree.node_count(), 3u);
  fuse_batch_forget_in batch = {};
  batch.count = 2;
  const auto request = bytes_of(batch) + bytes_of(fuse_forget_one{notes, 1}) + bytes_of(fuse_forget_one{array, 1});
  EXPECT_FALSE(kernel_.ask(FUSE_BATCH_FORGET, 0, request).came);
  EXPECT_EQ(mount_.tree.node_count(), 1u);
}

TEST_F(OperationsTest, ReadsTheTargetOfALinkThatLeaves) {
  directory_.make_link("leaves", "/etc/passwd");
  EXPECT_EQ(kernel_.ask(FUSE_READLINK, node("leaves")).body, "/etc/passwd");
}

TEST_F(OperationsTest, SaysHowMuchRoomTheSourceHas) {
  struct statvfs source;
  ASSERT_EQ(::statvfs(directory_.path().c_str(), &source), 0);
  const auto reply = structure_in<fuse_statfs_out>(kernel_.ask(FUSE_STATFS, kRootNode).body);
  EXPECT_EQ(reply.st.blocks, source.f_blocks);
  EXPECT_EQ(reply.st.namelen, source.f_namemax);
}

class ExtendedAttributesTest : public OperationsTest {
 protected:
  FakeKernel::Reply get(std::uint64_t node, const std::string& name, std::uint32_t size) {
    return kernel_.ask(FUSE_GETXATTR, node, bytes_of(fuse_getxattr_in{size, 0}) + name + '\0');
  }
  FakeKernel::Reply list(std::uint64_t node, std::uint32_t size) {
    return kernel_.ask(FUSE_LISTXATTR, node, bytes_of(fuse_getxattr_in{size, 0}));
  }
};

TEST_F(ExtendedAttributesTest, TheSizeFirstThenTheValue) {
  const std::uint64_t view = node("a.npy/slices/2_to_5.npy");
  EXPECT_EQ(structure_in<fuse_getxattr_out>(get(view, "user.npyfs.shape", 0).body).size, 6u);
  EXPECT_EQ(get(view, "user.npyfs.shape", 6).body, "(3, 7)");
  EXPECT_EQ(get(view, "user.npyfs.shape", 100).body, "(3, 7)");
  EXPECT_EQ(get(view, "user.npyfs.shape", 5).error, ERANGE);
  EXPECT_EQ(get(view, "user.npyfs.other", 100).error, ENODATA);
  EXPECT_EQ(get(view, "security.capability", 0).error, EOPNOTSUPP);
  EXPECT_EQ(get(node("notes.txt"), "user.npyfs.shape", 100).error, ENODATA);
}

TEST_F(ExtendedAttributesTest, NamesAreSeparatedByNul) {
  const std::uint64_t view = node("a.npy/slices/2_to_5.npy");
  const std::string names = list(view, 1000).body;
  EXPECT_EQ(names.substr(0, 36), std::string("user.npyfs.source\0user.npyfs.axis\0us", 36));
  EXPECT_EQ(names.back(), '\0');
  EXPECT_EQ(structure_in<fuse_getxattr_out>(list(view, 0).body).size, names.size());
  EXPECT_EQ(list(view, static_cast<std::uint32_t>(names.size()) - 1).error, ERANGE);
  EXPECT_EQ(structure_in<fuse_getxattr_out>(list(node("notes.txt"), 0).body).size, 0u);
}

class NegativeTimeoutTest : public OperationsTest {
 protected:
  static Options options() {
    Options options = default_options();
    options.negative_timeout = 3;
    return options;
  }
  NegativeTimeoutTest() : OperationsTest(options()) {}
};

TEST_F(NegativeTimeoutTest, ThatANameIsMissingIsKept) {
  const auto reply = look_up(kRootNode, "missing");
  ASSERT_EQ(reply.error, 0);
  const auto entry = structure_in<fuse_entry_out>(reply.body);
  EXPECT_EQ(entry.nodeid, 0u);
  EXPECT_EQ(entry.entry_valid, 3u);
  EXPECT_EQ(look_up(12345, "x").error, ESTALE) << "only that it is missing";
}

// The caller was killed, or the mount is gone: nothing may stay behind.
class UndeliveredTest : public OperationsTest {
 protected:
  UndeliveredTest() : notes_(node("notes.txt")), nodes_(mount_.tree.node_count()) { kernel_.hang_up_before_replies(); }
  void expect_nothing_left() {
    EXPECT_EQ(mount_.tree.node_count(), nodes_);
    EXPECT_EQ(mount_.tree.open_file_count(), 0u);
    mount_.tree.close_unused_sources(SourceCache::Clock::time_point::max());
    EXPECT_EQ(open_descriptors(), descriptors_);
  }

  const std::size_t descriptors_ = open_descriptors();
  const std::uint64_t notes_;
  const std::size_t nodes_;
};

TEST_F(UndeliveredTest, ALookupIsTakenBack) {
  EXPECT_FALSE(look_up(kRootNode, "a.npy").came);
  expect_nothing_left();
}

TEST_F(UndeliveredTest, AnOpenFileIsClosed) {
  EXPECT_FALSE(open(notes_).came);
  expect_nothing_left();
}

TEST_F(UndeliveredTest, AnOpenDirectoryIsClosed) {
  EXPECT_FALSE(open(kRootNode, O_RDONLY, FUSE_OPENDIR).came);
  expect_nothing_left();
}

// The kernel did not know the node at the time of the notice, so it cannot have expired attributes that it gets later.
TEST_F(OperationsTest, AttributesFoundDuringAChangeAreNotKept) {
  SourceWatch& watch = mount_.tree.watch();
  const auto change = [&](const Error&) { mount_.tree.invalidate_changed({}, [](NodeId) { return true; }); };
  ASSERT_TRUE(watch.start(change));
  before_watching = [] { return ENOSPC; };  // the refusal comes in the middle of the lookup
  const auto during = structure_in<fuse_entry_out>(look_up(kRootNode, "notes.txt").body);
  before_watching = nullptr;
  EXPECT_NE(during.nodeid, 0u);
  EXPECT_EQ(during.attr_valid, 0u);
  EXPECT_EQ(during.attr_valid_nsec, 0u);
  EXPECT_EQ(during.entry_valid, 2u);
  const auto after = structure_in<fuse_entry_out>(look_up(kRootNode, "notes.txt").body);
  EXPECT_EQ(after.attr_valid, 1u);
  EXPECT_EQ(after.attr_valid_nsec, 500'000'000u);
}

}  // namespace
}  // namespace npyfs
