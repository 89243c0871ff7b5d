#include "fs/kernel/init_negotiation.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "fs/kernel/backing_files.h"
#include "fs/options/command_line.h"
#include "tests/unit/support/fake_kernel.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

constexpr std::uint64_t kDirectIoAllowMmap = std::uint64_t{1} << 36;

std::uint64_t flags_of(const fuse_init_out& reply) {
  return reply.flags | std::uint64_t{reply.flags2} << 32;
}

class InitNegotiationTest : public testing::Test {
 protected:
  SourceRoot root() const {
    return std::move(*SourceRoot::open(directory_.path(), Symlinks::kWithinRoot, Users::kOwner));
  }

  const TempDirectory directory_;
  MountState mount_ = make_mount(Options(), root());
};

TEST_F(InitNegotiationTest, TakesWhatTheKernelOffers) {
  FakeKernel kernel(mount_);
  const auto reply = kernel.init(FUSE_MAX_PAGES | FUSE_INIT_EXT | kDirectIoAllowMmap | FUSE_ASYNC_READ);
  EXPECT_EQ(reply.major, unsigned{FUSE_KERNEL_VERSION});
  EXPECT_TRUE(flags_of(reply) & kDirectIoAllowMmap);
  EXPECT_TRUE(flags_of(reply) & FUSE_INIT_EXT);
  EXPECT_TRUE(flags_of(reply) & FUSE_MAX_PAGES);
  EXPECT_TRUE(mount_.negotiation.can_map_direct_io());
  unsigned limit = 256;
  std::ifstream("/proc/sys/fs/fuse/max_pages_limit") >> limit;
  EXPECT_EQ(reply.max_pages, std::min(limit, 65535u)) << "what the administrator allows";
  EXPECT_EQ(mount_.negotiation.max_request(),
            std::uint64_t{reply.max_pages} * static_cast<std::uint64_t>(::getpagesize()));
}

TEST_F(InitNegotiationTest, AsksForNothingThatWasNotOffered) {
  FakeKernel kernel(mount_);
  const auto reply = kernel.init(FUSE_ASYNC_READ);
  EXPECT_FALSE(flags_of(reply) & (kDirectIoAllowMmap | FUSE_INIT_EXT | FUSE_MAX_PAGES));
  EXPECT_FALSE(mount_.negotiation.can_map_direct_io());
  EXPECT_EQ(mount_.negotiation.max_request(), 128u * 1024) << "32 pages";
}

TEST_F(InitNegotiationTest, FlagsBeyond32BitsCountOnlyWhereTheKernelSaysThatTheyDo) {
  FakeKernel kernel(mount_);
  const auto reply = kernel.init(FUSE_MAX_PAGES | kDirectIoAllowMmap);
  EXPECT_FALSE(flags_of(reply) & kDirectIoAllowMmap);
  EXPECT_FALSE(mount_.negotiation.can_map_direct_io());
}

TEST_F(InitNegotiationTest, TakesPassthroughWhereItMayOpenBackingFiles) {
  FakeKernel kernel(mount_);
  const auto reply = kernel.init(FUSE_INIT_EXT | kInitPassthrough);
  EXPECT_EQ((flags_of(reply) & kInitPassthrough) != 0, may_open_backing_files());
  EXPECT_EQ(mount_.negotiation.has_passthrough(), may_open_backing_files());
  // max_stack_depth, which older kernel headers count among the unused members behind flags2.
  const auto depth =
      structure_in<std::uint32_t>(bytes_of(reply), offsetof(fuse_init_out, flags2) + sizeof reply.flags2);
  EXPECT_EQ(depth, may_open_backing_files() ? 1u : 0u);
}

TEST_F(InitNegotiationTest, TakesNoPassthroughFromAKernelThatHasNone) {
  FakeKernel kernel(mount_);
  EXPECT_FALSE(flags_of(kernel.init(FUSE_INIT_EXT | kDirectIoAllowMmap)) & kInitPassthrough);
  EXPECT_FALSE(mount_.negotiation.has_passthrough());
}

TEST_F(InitNegotiationTest, OpeningWithTruncationIsLeftToTheKernelWhereFilesAreWritten) {
  for (const bool writable : {false, true}) {
    Options options;
    options.writable = writable;
    MountState mount = make_mount(options, root());
    FakeKernel kernel(mount);
    const auto flags = flags_of(kernel.init(FUSE_ATOMIC_O_TRUNC | FUSE_AUTO_INVAL_DATA | FUSE_WRITEBACK_CACHE));
    EXPECT_EQ((flags & FUSE_ATOMIC_O_TRUNC) == 0, writable);
    EXPECT_EQ((flags & FUSE_AUTO_INVAL_DATA) == 0, writable);
    EXPECT_FALSE(flags & FUSE_WRITEBACK_CACHE) << "errors would surface at close alone";
  }
}

TEST_F(InitNegotiationTest, AReadOnlyMountGivesRequestsLittleRoomAndLosesNone) {
  std::ofstream(directory_.path() + "/a.txt") << "text";
  FakeKernel kernel(mount_);
  EXPECT_EQ(kernel.init(FUSE_ASYNC_READ).max_write, 16u * 1024);
  constexpr std::size_t kForgets = (20 * 1024 - 128 - sizeof(fuse_in_header) - sizeof(fuse_batch_forget_in)) / 16;
  fuse_entry_out entry = {};
  for (std::size_t lookup = 0; lookup < kForgets; ++lookup) {
    const auto found = kernel.ask(FUSE_LOOKUP, 1, std::string_view("a.txt", 6));
    ASSERT_EQ(found.error, 0);
    entry = structure_in<fuse_entry_out>(found.body);
  }
  std::string batch = bytes_of(fuse_batch_forget_in{kForgets, 0});
  for (std::size_t i = 0; i < kForgets; ++i) batch += bytes_of(fuse_forget_one{entry.nodeid, 1});
  EXPECT_FALSE(kernel.ask(FUSE_BATCH_FORGET, 0, batch).came);
  EXPECT_EQ(mount_.tree.node_count(), 1u) << "the root";
}

TEST_F(InitNegotiationTest, NeverSplices) {
  FakeKernel kernel(mount_);
  const auto reply = kernel.init(FUSE_SPLICE_READ | FUSE_SPLICE_WRITE | FUSE_SPLICE_MOVE | FUSE_ASYNC_READ);
  EXPECT_FALSE(flags_of(reply) & (FUSE_SPLICE_READ | FUSE_SPLICE_WRITE | FUSE_SPLICE_MOVE));
}

TEST_F(InitNegotiationTest, SaysWhatWasAgreedOn) {
  EXPECT_EQ(mount_.negotiation.describe(),
            "requests of up to 0 KiB, files opened for direct I/O can not be mapped, read-ahead 0 KiB");
  FakeKernel kernel(mount_);
  kernel.init(FUSE_INIT_EXT | kDirectIoAllowMmap);
  EXPECT_EQ(mount_.negotiation.describe(),
            "requests of up to 128 KiB, files opened for direct I/O can be mapped, read-ahead 0 KiB");
}

TEST_F(InitNegotiationTest, ALimitOnReadsHolds) {
  std::vector<std::string> texts = {"npyfs", "/src", "/mnt", "-o", "max_read=65536"};
  std::vector<char*> argv;
  for (auto& text : texts) argv.push_back(text.data());
  argv.push_back(nullptr);
  const auto options = parse_options(static_cast<int>(texts.size()), argv.data());
  ASSERT_TRUE(options) << to_message(options.error());
  MountState mount = make_mount(*options, root());
  FakeKernel kernel(mount);
  kernel.init(FUSE_MAX_PAGES);
  EXPECT_FALSE(kernel.session_has_ended()) << "libfuse must be given it twice";
}

}  // namespace
}  // namespace npyfs
