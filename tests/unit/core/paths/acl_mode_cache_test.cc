#include "core/paths/acl_mode_cache.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/posix_acl.h>

#include "core/base/unique_fd.h"
#include "tests/unit/support/acl_bytes.h"
#include "tests/unit/support/failing_calls.h"
#include "tests/unit/support/later_clock.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

const std::vector<AclEntry> kDenying{
    {ACL_USER_OBJ, 6}, {ACL_USER, 0, 7}, {ACL_GROUP_OBJ, 4}, {ACL_MASK, 4}, {ACL_OTHER, 4}};
const std::vector<AclEntry> kGranting{
    {ACL_USER_OBJ, 6}, {ACL_USER, 4, 7}, {ACL_GROUP_OBJ, 4}, {ACL_MASK, 4}, {ACL_OTHER, 4}};

class AclModeCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_.write("file", "bytes");
    if (!set_acl(directory_.path("file"), kDenying)) GTEST_SKIP() << "this filesystem has no such lists";
    directory_.write("plain", "bytes");
    ASSERT_EQ(::chmod(directory_.path("plain").c_str(), 0644), 0);
    parent_ = UniqueFd(::open(directory_.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }

  mode_t mode(const std::string& name) {
    const auto status = modes_.status(parent_.get(), name, name);
    if (!status) ADD_FAILURE() << to_message(status.error());
    return status ? status->st_mode & 07777 : 0;
  }

  // Repeated until ctime has changed, which takes a tick of the filesystem's clock.
  void set(const std::vector<AclEntry>& entries) const {
    const auto before = stat_of(directory_.path("file")).st_ctim;
    timespec now = before;
    while (now.tv_sec == before.tv_sec && now.tv_nsec == before.tv_nsec) {
      ASSERT_TRUE(set_acl(directory_.path("file"), entries));
      now = stat_of(directory_.path("file")).st_ctim;
    }
  }

  const TempDirectory directory_;
  UniqueFd parent_;
  AclModeCache modes_;
};

TEST_F(AclModeCacheTest, AreThoseOfTheList) {
  EXPECT_EQ(stat_of(directory_.path("file")).st_mode & 07777, 0644u);
  EXPECT_EQ(mode("file"), 0600u);
  EXPECT_EQ(mode("plain"), 0644u);
  const UniqueFd file(::open(directory_.path("file").c_str(), O_PATH | O_CLOEXEC));
  EXPECT_EQ(modes_.status(file.get(), "", "file")->st_mode & 07777, 0600u);
}

TEST_F(AclModeCacheTest, AListIsReadOnceWhileItStands) {
  const LaterClock later;
  EXPECT_EQ(mode("file"), 0600u);
  EXPECT_EQ(mode("plain"), 0644u);
  {
    const CallFailure would_fail(FailingCall::kGetxattr, EIO);
    EXPECT_EQ(mode("file"), 0600u);
    EXPECT_EQ(mode("plain"), 0644u);
  }
  set(kGranting);
  EXPECT_EQ(mode("file"), 0644u);
  set(kDenying);
  EXPECT_EQ(mode("file"), 0600u);
}

TEST_F(AclModeCacheTest, AListIsReadEachTimeWhileItsFilesTimesDoNotTell) {
  for (const auto& entries : {kGranting, kDenying, kGranting, kDenying}) {
    ASSERT_TRUE(set_acl(directory_.path("file"), entries));
    EXPECT_EQ(mode("file"), entries[1].permissions == 0 ? 0600u : 0644u);
  }
}

TEST_F(AclModeCacheTest, AListThatCannotBeReadIsAnErrorAndNothingIsKeptOfIt) {
  const LaterClock later;
  {
    const CallFailure fails(FailingCall::kGetxattr, EIO);
    EXPECT_EQ(modes_.status(parent_.get(), "file", "file").error().os_error, EIO);
  }
  EXPECT_EQ(mode("file"), 0600u);
}

TEST_F(AclModeCacheTest, NoListIsLookedForWhereTheOwnerAloneGetsAnything) {
  ASSERT_EQ(::chmod(directory_.path("plain").c_str(), 0700), 0);
  directory_.make_link("link", "file");
  const CallFailure would_fail(FailingCall::kGetxattr, EIO);
  EXPECT_EQ(mode("plain"), 0700u);
  EXPECT_EQ(mode("link"), 0777u);
}

TEST_F(AclModeCacheTest, WhatIsNotThereIsAnError) {
  EXPECT_EQ(modes_.status(parent_.get(), "missing", "missing").error().os_error, ENOENT);
}

TEST_F(AclModeCacheTest, ManyFilesAreToldApart) {
  const LaterClock later;
  for (int i = 0; i < 100; ++i) {
    const std::string name = "file" + std::to_string(i);
    directory_.write(name, "bytes");
    ASSERT_EQ(::chmod(directory_.path(name).c_str(), i % 2 == 0 ? 0640 : 0604), 0);
  }
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 100; ++i) EXPECT_EQ(mode("file" + std::to_string(i)), i % 2 == 0 ? 0640u : 0604u);
  }
}

}  // namespace
}  // namespace npyfs
