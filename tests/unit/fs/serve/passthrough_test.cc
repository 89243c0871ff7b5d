#include "fs/serve/passthrough.h"

#include <fcntl.h>

#include <cerrno>
#include <string>

#include "fs/kernel/backing_files.h"
#include "tests/unit/support/backing_files.h"
#include "tests/unit/support/operations_fixture.h"

namespace npyfs {
namespace {

constexpr std::uint32_t kOpenPassthrough = 1 << 7;  // FOPEN_PASSTHROUGH

class PassthroughTest : public OperationsTest {
 protected:
  explicit PassthroughTest(const Options& options = default_options())
      : OperationsTest(options, kUsualFlags | FUSE_INIT_EXT | kInitPassthrough) {}

  void SetUp() override {
    if (!may_open_backing_files()) GTEST_SKIP() << "needs root";
  }

  // An OPEN reply.
  struct Opened {
    std::uint64_t handle = 0;
    std::uint32_t flags = 0;
    std::int32_t backing_file = 0;  // in older kernel headers this member is padding
    bool is_passthrough() const { return (flags & kOpenPassthrough) != 0; }
  };
  Opened opened(std::uint64_t node, int flags = O_RDONLY) {
    const auto reply = open(node, flags);
    EXPECT_EQ(reply.error, 0);
    EXPECT_EQ(reply.body.size(), sizeof(fuse_open_out));
    return structure_in<Opened>(reply.body);
  }

  KernelWithBackingFiles backing_files_;
};

TEST_F(PassthroughTest, AllOpensOfANodeHaveOneBackingFileUntilTheLastIsReleased) {
  const std::uint64_t notes = node("notes.txt");
  const Opened first = opened(notes);
  const Opened second = opened(notes);
  EXPECT_TRUE(first.is_passthrough());
  EXPECT_FALSE(first.flags & (FOPEN_KEEP_CACHE | FOPEN_DIRECT_IO)) << "the kernel takes no FOPEN_KEEP_CACHE with it";
  EXPECT_EQ(first.backing_file, 1);
  EXPECT_EQ(second.backing_file, 1);
  EXPECT_NE(first.handle, second.handle);
  const Opened other = opened(node("a.npy/source.npy"));
  EXPECT_EQ(other.backing_file, 2);
  release(notes, first.handle);
  EXPECT_EQ(backing_files_.open, (std::set<std::int32_t>{1, 2}));
  release(notes, second.handle);
  EXPECT_EQ(backing_files_.open, (std::set<std::int32_t>{2}));
  EXPECT_EQ(opened(notes).backing_file, 3);
  EXPECT_EQ(mount_.passthrough.describe(), "yes, for what is served whole");
}

TEST_F(PassthroughTest, ANodeIsOpenedAsItsFirstOpenFileIs) {
  const std::uint64_t notes = node("notes.txt");
  backing_files_.refusal = ENOMEM;
  const Opened first = opened(notes);
  backing_files_.refusal = 0;
  EXPECT_FALSE(first.is_passthrough());
  EXPECT_EQ(mount_.passthrough.describe(), "no: Cannot allocate memory");
  const Opened second = opened(notes);
  EXPECT_FALSE(second.is_passthrough());
  release(notes, first.handle);
  release(notes, second.handle);
  EXPECT_TRUE(opened(notes).is_passthrough());
  EXPECT_EQ(mount_.passthrough.describe(), "in part: Cannot allocate memory");
}

TEST_F(PassthroughTest, DirectReadsAreRequestsNevertheless) {
  const std::uint64_t notes = node("notes.txt");
  const Opened direct = opened(notes, O_RDONLY | O_DIRECT);
  EXPECT_TRUE(direct.is_passthrough());
  EXPECT_TRUE(direct.flags & FOPEN_DIRECT_IO);
  EXPECT_EQ(read(notes, direct.handle, 1, 3).body, "ell");
}

TEST_F(PassthroughTest, ViewsAreReadByRequests) {
  for (const char* path : {"a.npy/chunks/0_of_1.npy", "a.npy/chunks/0_of_1.bin", "a.npy/info.json", ".npyfs/version"}) {
    EXPECT_FALSE(opened(node(path)).is_passthrough()) << path;
  }
  EXPECT_TRUE(backing_files_.open.empty());
}

TEST_F(PassthroughTest, AReplyThatIsNotDeliveredLeavesNoBackingFile) {
  const std::uint64_t notes = node("notes.txt");
  kernel_.hang_up_before_replies();
  open(notes);
  EXPECT_EQ(backing_files_.last_id, 1);
  EXPECT_TRUE(backing_files_.open.empty());
}

class ChosenCachingTest : public PassthroughTest {
 protected:
  ChosenCachingTest() : PassthroughTest(kernel_cache()) {}
  static Options kernel_cache() {
    Options options = default_options();
    options.cache = CachePolicy::kKernelCache;
    return options;
  }
};

TEST_F(ChosenCachingTest, TurnsItOff) {
  EXPECT_FALSE(opened(node("notes.txt")).is_passthrough());
  EXPECT_EQ(mount_.passthrough.describe(), "no: the options of the mount turn it off");
}

class OldKernelTest : public OperationsTest {};

TEST_F(OldKernelTest, HasNone) {
  const auto reply = structure_in<fuse_open_out>(open(node("notes.txt")).body);
  EXPECT_FALSE(reply.open_flags & kOpenPassthrough);
  EXPECT_EQ(mount_.passthrough.describe(), "no: needs root and Linux 6.9");
}

}  // namespace
}  // namespace npyfs
