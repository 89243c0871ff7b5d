#include "fs/kernel/fuse_channel.h"

#include <gtest/gtest.h>

#include <utility>

#include "fs/options/options.h"
#include "tests/unit/support/failing_calls.h"
#include "tests/unit/support/fake_kernel.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

class FuseChannelTest : public testing::Test {
 protected:
  SourceRoot root() const {
    return std::move(*SourceRoot::open(directory_.path(), Symlinks::kWithinRoot, Users::kOwner));
  }

  const TempDirectory directory_;
  MountState mount_ = make_mount(Options(), root());
};

TEST_F(FuseChannelTest, AReplyThatCannotBeDeliveredEndsTheSession) {
  FakeKernel kernel(mount_);
  kernel.init(FUSE_ASYNC_READ);
  EXPECT_EQ(kernel.ask(FUSE_IOCTL, 1, bytes_of(fuse_ioctl_in{})).error, ENOSYS);
  EXPECT_FALSE(kernel.session_has_ended()) << "an error is a reply like any other";
  EXPECT_EQ(mount_.channel.failure(), 0);
  kernel.hang_up_before_replies();
  EXPECT_FALSE(kernel.ask(FUSE_IOCTL, 1, bytes_of(fuse_ioctl_in{})).came);
  EXPECT_TRUE(kernel.session_has_ended()) << "or its caller would wait for ever";
  EXPECT_EQ(mount_.channel.failure(), EPIPE);
}

TEST_F(FuseChannelTest, AMountThatHasGoneIsAnEndAndNoFailure) {
  for (const int error : {ENODEV, ECONNABORTED}) {
    MountState mount = make_mount(Options(), root());
    FakeKernel kernel(mount);
    kernel.init(FUSE_ASYNC_READ);
    const CallFailure failure(FailingCall::kRead, error);
    EXPECT_EQ(kernel.receive(), 0) << error;
    EXPECT_TRUE(kernel.session_has_ended()) << error;
    EXPECT_EQ(mount.channel.failure(), 0) << error;
  }
}

TEST_F(FuseChannelTest, NeedsASessionThatIsMounted) {
  std::string program = "npyfs";
  char* arguments[] = {program.data(), nullptr};
  fuse_args args = FUSE_ARGS_INIT(1, arguments);
  fuse_session* session = fuse_session_new(&args, &kOperations, sizeof kOperations, nullptr);
  const auto attached = attach(mount_, session, "/");
  ASSERT_FALSE(attached);
  EXPECT_EQ(attached.error().kind, ErrorKind::kSystem);
  fuse_session_destroy(session);
  fuse_opt_free_args(&args);
}

}  // namespace
}  // namespace npyfs
