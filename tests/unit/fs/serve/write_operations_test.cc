#include "fs/serve/write_operations.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "tests/unit/support/later_clock.h"
#include "tests/unit/support/operations_fixture.h"

namespace npyfs {
namespace {

class WriteOperationsTest : public OperationsTest {
 protected:
  static constexpr std::uint64_t kDirectIoAllowMmap = std::uint64_t{1} << 36;
  WriteOperationsTest() : OperationsTest(options(), kUsualFlags | FUSE_INIT_EXT | kDirectIoAllowMmap) {}
  static Options options() {
    Options options = default_options();
    options.writable = true;
    return options;
  }
  FakeKernel::Reply setattr(std::uint64_t node, std::uint32_t valid, std::uint64_t size, std::uint64_t handle = 0) {
    fuse_setattr_in request = {};
    request.fh = handle;
    request.valid = valid;
    request.size = size;
    return kernel_.ask(FUSE_SETATTR, node, bytes_of(request));
  }

  const std::uint64_t view_ = node("a.npy/chunks/1_of_3.npy");
  const std::string view_bytes_ = [this] {
    const auto handle = handle_in(open(view_));
    auto bytes = read(view_, handle, 0, 10'000).body;
    release(view_, handle);
    return bytes;
  }();
};

TEST_F(OperationsTest, AReadOnlyMountOpensNothingForWriting) {
  const std::uint64_t view = node("a.npy/chunks/1_of_3.npy");
  EXPECT_EQ(open(view, O_RDWR).error, EROFS);
  EXPECT_EQ(open(view, O_WRONLY).error, EROFS);
  const auto handle = handle_in(open(view));
  EXPECT_EQ(write(view, handle, 0, "x").error, EROFS);
  EXPECT_EQ(flush(view, handle).error, ENOSYS) << "never to be asked again";
}

TEST_F(WriteOperationsTest, WritesRowsAndCountsThem) {
  const auto handle = handle_in(open(view_, O_RDWR));
  const auto reply = write(view_, handle, 128, "rows");
  ASSERT_EQ(reply.error, 0);
  EXPECT_EQ(structure_in<fuse_write_out>(reply.body).size, 4u);
  EXPECT_EQ(directory_.read("a.npy").substr(128 + 4 * 4 * 7, 4), "rows");
  EXPECT_EQ(read(view_, handle, 128, 4).body, "rows");
  EXPECT_EQ(flush(view_, handle).error, 0);
  EXPECT_EQ(kernel_.ask(FUSE_FSYNC, view_, bytes_of(fuse_fsync_in{.fh = handle, .fsync_flags = 0, .padding = 0})).error,
            0);
  EXPECT_EQ(mount_.requests.of(FUSE_WRITE).succeeded, 1u);
  EXPECT_EQ(mount_.counters.bytes_written, 4u);
  EXPECT_EQ(mount_.counters.failed_writes, 0u);
  EXPECT_EQ(release(view_, handle).error, 0);
  EXPECT_TRUE(mount_.tree.range_locks().views().empty());
}

TEST_F(WriteOperationsTest, CountsEveryFailedWrite) {
  const auto handle = handle_in(open(view_, O_WRONLY));
  EXPECT_EQ(write(view_, handle, view_bytes_.size(), "x").error, EFBIG);
  directory_.truncate("a.npy", 150);
  EXPECT_EQ(write(view_, handle, 128, "x").error, EIO);
  EXPECT_EQ(write(view_, handle, 0, "x").error, EINVAL);
  EXPECT_EQ(mount_.counters.failed_writes, 3u);
  EXPECT_EQ(write(view_, handle + 1, 128, "x").error, EBADF);
  EXPECT_EQ(write(view_, handle, ~std::uint64_t{0}, "x").error, EINVAL) << "no kernel sends a negative offset";
}

TEST_F(WriteOperationsTest, NothingOfAnArrayIsKeptInThePageCache) {
  for (const int flags : {O_RDONLY, O_WRONLY, O_RDWR}) {
    const auto reply = open(view_, flags);
    const auto opened = structure_in<fuse_open_out>(reply.body);
    EXPECT_EQ((opened.open_flags & FOPEN_DIRECT_IO) == 0, flags == O_RDWR) << "through pages where they may be mapped";
    EXPECT_FALSE(opened.open_flags & FOPEN_KEEP_CACHE);
    EXPECT_EQ((opened.open_flags & FOPEN_NOFLUSH) == 0, flags != O_RDONLY);
    release(view_, opened.fh);
  }
  const LaterClock later;
  const auto notes = structure_in<fuse_open_out>(open(node("notes.txt")).body);
  EXPECT_TRUE(notes.open_flags & FOPEN_KEEP_CACHE) << "nobody writes it through the mount";
}

TEST_F(WriteOperationsTest, SizesCannotBeChanged) {
  const auto size = static_cast<std::uint64_t>(view_bytes_.size());
  EXPECT_EQ(setattr(view_, FATTR_SIZE, 0).error, EINVAL) << "nobody has it open";
  const auto handle = handle_in(open(view_, O_WRONLY));
  const auto truncated = setattr(view_, FATTR_SIZE, 0);
  ASSERT_EQ(truncated.error, 0) << "O_TRUNC";
  EXPECT_EQ(structure_in<fuse_attr_out>(truncated.body).attr.size, size) << "it stays";
  EXPECT_EQ(write(view_, handle, 129, "x").error, 0);
  EXPECT_EQ(read(view_, handle, 128, 3).body, std::string("\0x\0", 3));
  EXPECT_EQ(setattr(view_, FATTR_SIZE | FATTR_MTIME | FATTR_MTIME_NOW, 0).error, EINVAL) << "truncate()";
  EXPECT_EQ(setattr(view_, FATTR_SIZE | FATTR_FH, 0).error, EINVAL) << "ftruncate()";
  EXPECT_EQ(setattr(view_, FATTR_SIZE | FATTR_FH, size + 1).error, EINVAL);
  EXPECT_EQ(write(view_, handle, 130, "y").error, 0);
  EXPECT_EQ(setattr(view_, FATTR_SIZE | FATTR_FH, 0, handle).error, 0)
      << "ftruncate() of what is open for writing alone";
  EXPECT_EQ(read(view_, handle, 128, 3).body, std::string(3, '\0'));
  EXPECT_EQ(setattr(view_, FATTR_SIZE | FATTR_FH, size, handle).error, 0);
  EXPECT_EQ(setattr(view_, FATTR_SIZE | FATTR_FH, size, handle + 1).error, 0) << "no kernel asks so";
  EXPECT_EQ(setattr(view_, FATTR_SIZE | FATTR_MODE, size).error, EPERM);
}

TEST_F(WriteOperationsTest, OwnerAndModeCanBeSetToWhatTheyAreAndTimesAreNotSet) {
  const auto now = *mount_.tree.attributes(view_);
  fuse_setattr_in request = {};
  request.mode = now.st_mode;
  request.uid = now.st_uid;
  request.gid = now.st_gid;
  request.mtime = 1;
  const auto set = [&](std::uint64_t node, int valid) {
    request.valid = static_cast<std::uint32_t>(valid);
    return kernel_.ask(FUSE_SETATTR, node, bytes_of(request));
  };
  for (const int valid : {FATTR_MODE, FATTR_UID, FATTR_GID, FATTR_MTIME, FATTR_ATIME | FATTR_MTIME}) {
    const auto reply = set(view_, valid);
    ASSERT_EQ(reply.error, 0) << valid;
    EXPECT_EQ(structure_in<fuse_attr_out>(reply.body).attr.mtime, static_cast<std::uint64_t>(now.st_mtime)) << valid;
    for (const char* other : {"notes.txt", "a.npy/info.json", "a.npy", "a.npy/chunks"}) {
      EXPECT_EQ(set(node(other), valid).error, EPERM) << other;
    }
  }
  request.mode ^= 0100;
  ++request.uid;
  ++request.gid;
  for (const int valid : {FATTR_MODE, FATTR_UID, FATTR_GID, FATTR_UID | FATTR_MTIME}) {
    EXPECT_EQ(set(view_, valid).error, EPERM) << valid;
  }
}

TEST_F(WriteOperationsTest, NamesCannotBeChanged) {
  const std::uint64_t chunks = node("a.npy/chunks");
  const std::string name("new\0", 4);
  EXPECT_EQ(kernel_.ask(FUSE_UNLINK, chunks, name).error, EPERM);
  EXPECT_EQ(kernel_.ask(FUSE_RMDIR, chunks, name).error, EPERM);
  EXPECT_EQ(kernel_.ask(FUSE_MKDIR, chunks, bytes_of(fuse_mkdir_in{}) + name).error, EPERM);
  EXPECT_EQ(kernel_.ask(FUSE_MKNOD, chunks, bytes_of(fuse_mknod_in{}) + name).error, EPERM);
  EXPECT_EQ(kernel_.ask(FUSE_CREATE, chunks, bytes_of(fuse_create_in{}) + name).error, EPERM);
  EXPECT_EQ(kernel_.ask(FUSE_SYMLINK, chunks, name + name).error, EPERM);
  EXPECT_EQ(kernel_.ask(FUSE_LINK, chunks, bytes_of(fuse_link_in{view_}) + name).error, EPERM);
  EXPECT_EQ(kernel_.ask(FUSE_RENAME2, chunks, bytes_of(fuse_rename2_in{chunks, 0, 0}) + name + name).error, EPERM);
}

TEST_F(WriteOperationsTest, AnOverlappingViewIsBusyAtOnceWhileNobodyHasClosedTheOther) {
  const auto handle = handle_in(open(view_, O_RDWR));
  EXPECT_EQ(open(node("a.npy/source.npy"), O_RDWR).error, EBUSY);
  EXPECT_EQ(open(node("a.npy/source.npy"), O_RDONLY).error, 0);
  release(view_, handle);
  EXPECT_EQ(open(node("a.npy/source.npy"), O_RDWR).error, 0);
}

TEST_F(WriteOperationsTest, AnOpenThatOvertakesTheReleaseWaitsForIt) {
  const auto handle = handle_in(open(view_, O_RDWR));
  flush(view_, handle);
  const std::uint64_t whole = node("a.npy/source.npy");
  EXPECT_FALSE(open(whole, O_RDWR).came);
  const std::uint64_t waiting = kernel_.last_unique();
  EXPECT_EQ(read(view_, handle, 0, 1).error, 0) << "others do not wait";
  EXPECT_EQ(release(view_, handle).error, 0);
  const auto reply = kernel_.late_reply(waiting);
  ASSERT_TRUE(reply.came);
  EXPECT_EQ(write(whole, handle_in(reply), 128, "x").error, 0);
}

TEST_F(WriteOperationsTest, AnOpenThatWaitedIsCountedAsAnOpen) {
  const auto handle = handle_in(open(view_, O_RDWR));
  flush(view_, handle);
  const std::uint64_t opens = mount_.requests.of(FUSE_OPEN).succeeded;
  EXPECT_FALSE(open(node("a.npy/source.npy"), O_RDWR).came);
  EXPECT_EQ(mount_.requests.of(FUSE_OPEN).succeeded, opens);
  EXPECT_EQ(release(view_, handle).error, 0);
  EXPECT_EQ(mount_.requests.of(FUSE_OPEN).succeeded, opens + 1);
  EXPECT_EQ(mount_.requests.of(FUSE_RELEASE).succeeded, 2u) << "one of them in the fixture";
}

TEST_F(WriteOperationsTest, ItIsWokenByWhoeverLetsGoLast) {
  const auto handle = handle_in(open(view_, O_RDWR));
  auto in_another_thread = mount_.files.find(handle);  // which has answered, and not yet returned
  flush(view_, handle);
  EXPECT_FALSE(open(node("a.npy/source.npy"), O_RDWR).came);
  const std::uint64_t waiting = kernel_.last_unique();
  release(view_, handle);
  EXPECT_FALSE(kernel_.late_reply(waiting).came);
  in_another_thread.reset();
  EXPECT_EQ(kernel_.late_reply(waiting).error, 0);
  EXPECT_TRUE(kernel_.late_reply(waiting).came);
}

TEST_F(WriteOperationsTest, ItWaitsNoLongerThanAMoment) {
  const auto handle = handle_in(open(view_, O_RDWR));
  flush(view_, handle);  // but it is still mapped
  EXPECT_FALSE(open(node("a.npy/source.npy"), O_RDWR).came);
  const std::uint64_t waiting = kernel_.last_unique();
  FakeKernel::Reply reply;
  while (!reply.came) {
    std::this_thread::yield();
    reply = kernel_.late_reply(waiting);
  }
  EXPECT_EQ(reply.error, EBUSY);
  EXPECT_EQ(write(view_, handle, 128, "x").error, 0);
}

TEST_F(WriteOperationsTest, AtTheEndPagesAreWrittenBackAndNoneIsHandedOut) {
  const auto handle = handle_in(open(view_, O_RDWR));
  const auto reader = handle_in(open(view_));
  const std::uint64_t other = node("a.npy/chunks/0_of_3.npy");
  const auto other_reader = handle_in(open(other));
  kernel_.drain();
  (void)kernel_.late_reply(0);
  ASSERT_EQ(kernel_.notices().size(), 1u);
  EXPECT_EQ(structure_in<fuse_out_header>(kernel_.notices()[0]).error, FUSE_NOTIFY_INVAL_INODE);
  EXPECT_EQ(structure_in<fuse_notify_inval_inode_out>(kernel_.notices()[0], sizeof(fuse_out_header)).ino, view_);
  EXPECT_EQ(read(view_, handle, 0, 10).error, EIO);
  EXPECT_EQ(read(view_, reader, 0, 10).error, EIO) << "the same page";
  EXPECT_EQ(read(other, other_reader, 0, 10).error, 0) << "nobody writes it";
  EXPECT_EQ(write(view_, handle, 128, "x", FUSE_WRITE_CACHE).error, 0) << "pages that are on their way are taken";
  EXPECT_EQ(write(view_, handle, 128, "x").error, ESHUTDOWN) << "and none is made anew";
  EXPECT_EQ(open(view_, O_RDWR).error, ESHUTDOWN);
}

}  // namespace
}  // namespace npyfs
