#include "core/paths/mount_table.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace npyfs {
namespace {

using testing::HasSubstr;

// The end of a mount table. The source /vol/data was on mount 40 at /vol; npyfs is mounted at /mnt/npy.
const std::string kSystem =
    "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
    "22 27 0:21 / /proc rw shared:5 master:2 - proc proc rw\n"
    "60 27 0:55 / /mnt/npy ro - fuse.npyfs /vol/data ro,user_id=0\n";
const SourceLocation kSource = {40, "/vol", "/vol/data", "/mnt/npy"};

std::string line(int number, const std::string& place, const std::string& type, const std::string& device = "8:1") {
  return std::to_string(number) + " 27 " + device + " / " + place + " rw - " + type + " none rw\n";
}

// The ID of the mount that replaces the source's, negative if the source must not be opened on it; 0 for none.
int taken(const std::string& more, const SourceLocation& source = kSource) {
  const auto table = mount_entries(kSystem + more);
  const MountEntry* successor = successor_in(table, source);
  if (successor == nullptr) return 0;
  const int number = static_cast<int>(successor->mount_id);
  return why_not_to_open(table, source) ? -number : number;
}

std::string why_not(const std::string& more, const SourceLocation& source = kSource) {
  return why_not_to_open(mount_entries(kSystem + more), source).value_or("");
}

TEST(MountTable, IsRead) {
  const auto table = mount_entries(
      "36 35 98:0 /root /mnt\\040with\\011\\134\\012end rw,noatime master:1 shared:2 - ext3 /dev/root rw,user_id=7\n"
      "37 35 0:7 / /a\\0\\777\\04x rw - fuse.na\\040me a - b rw\n"
      "broken\n");
  ASSERT_EQ(table.size(), 3u);
  EXPECT_EQ(table[0].mount_id, 36u);
  EXPECT_EQ(table[0].device, "98:0");
  EXPECT_EQ(table[0].mount_point, "/mnt with\t\\\nend");
  EXPECT_EQ(table[0].type, "ext3");
  EXPECT_EQ(table[0].options, "rw,user_id=7");
  EXPECT_EQ(table[1].mount_point, "/a\\0\\777\\04x");
  EXPECT_EQ(table[1].type, "fuse.na me");
  EXPECT_EQ(table[2].mount_id, 0u);
  EXPECT_EQ(table[2].mount_point, "");
  EXPECT_EQ(table[2].options, "");
  EXPECT_TRUE(mount_entries("").empty());
}

TEST(MountTable, TheSourceStaysWhileItsMountIsThere) {
  EXPECT_EQ(taken(""), 0);
  EXPECT_EQ(taken(line(40, "/vol", "ext4")), 0);
  EXPECT_EQ(taken(line(40, "/moved", "ext4") + line(41, "/vol", "ext4")), 0);
  EXPECT_EQ(taken(line(41, "/volume", "ext4") + line(42, "/vol/data", "ext4")), 0) << "not in its place";
}

TEST(MountTable, TheLastInThePlaceIsTaken) {
  EXPECT_EQ(taken(line(41, "/vol", "ext4")), 41);
  EXPECT_EQ(taken(line(42, "/vol", "ext4") + line(41, "/vol", "tmpfs")), 41);
}

TEST(MountTable, OnlyLocalFilesystemsAreTaken) {
  for (const char* type : {"ext4", "xfs", "btrfs", "tmpfs", "zfs", "vfat"})
    EXPECT_EQ(taken(line(41, "/vol", type)), 41);
  for (const char* type : {"fuse", "fuse.npyfs", "fuseblk", "fuse.sshfs", "virtiofs", "autofs", "nfs", "nfs4", "cifs",
                           "smb3", "9p", "ceph", "lustre", "gpfs", "afs", "overlay", "never_heard_of", ""}) {
    EXPECT_EQ(taken(line(41, "/vol", type)), -41) << type;
    EXPECT_THAT(why_not(line(41, "/vol", type)), HasSubstr("/vol is " + std::string(type) + " now"));
  }
}

TEST(MountTable, SoIsAllThatThereIsOnTheWay) {
  EXPECT_EQ(taken(line(30, "/vol", "autofs") + line(41, "/vol", "ext4")), -41) << "is mounted again by who comes";
  SourceLocation deep = {40, "/net/vol", "/net/vol/sub/data", "/mnt/npy"};
  const std::string local = line(41, "/net/vol", "ext4");
  EXPECT_EQ(taken(local, deep), 41);
  EXPECT_EQ(taken(line(30, "/net", "ext4") + local, deep), 41);
  EXPECT_EQ(taken(line(30, "/net", "nfs4") + local, deep), -41);
  EXPECT_EQ(taken(local + line(42, "/net/vol/sub", "fuse.npyfs", "0:55"), deep), -41);
  EXPECT_EQ(taken(local + line(42, "/net/vol/sub/data", "nfs"), deep), -41);
  EXPECT_EQ(taken(local + line(42, "/net/vol/other", "nfs") + line(43, "/ne", "nfs"), deep), 41) << "not on the way";
}

TEST(MountTable, TheSystemsRootMayBeAnythingUnlessItIsTheSources) {
  EXPECT_EQ(taken(line(30, "/", "overlay") + line(41, "/vol", "ext4")), 41);
  EXPECT_EQ(taken("", {40, "/", "/vol/data", "/mnt/npy"}), 27);
  EXPECT_EQ(taken(line(30, "/", "overlay"), {40, "/", "/vol/data", "/mnt/npy"}), -30);
}

TEST(MountTable, WhatHasTheMountpointInItIsNotTaken) {
  const std::string replaced = line(41, "/vol", "ext4");
  EXPECT_EQ(taken(replaced + line(42, "/vol/data/deep/npy", "fuse.npyfs", "0:55")), -41);
  EXPECT_THAT(why_not(replaced + line(42, "/vol/data/deep/npy", "fuse.npyfs", "0:55")), HasSubstr("lead back"));
  EXPECT_EQ(taken(replaced + line(42, "/vol/data2", "fuse.npyfs", "0:55")), 41) << "beside the source";
  EXPECT_EQ(taken(replaced + line(42, "/vol/data/other", "fuse.npyfs", "0:56")), 41) << "another npyfs";
  EXPECT_EQ(taken(replaced + line(42, "/mnt/npy", "tmpfs") + line(43, "/vol/data/npy", "fuse.npyfs", "0:55")), -41)
      << "something was mounted over it";
  EXPECT_EQ(taken(replaced + line(42, "/mnt/npy", "tmpfs") + line(43, "/vol/data/tmp", "tmpfs")), 41);
}

}  // namespace
}  // namespace npyfs
