#include "fs/daemon/private_mountpoint.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace npyfs {
namespace {

TEST(PrivateMountpoint, NamesItsMaker) {
  const auto made = make_private_mountpoint();
  ASSERT_TRUE(made);
  EXPECT_EQ(maker_of_mountpoint(*made), ::getpid());
  remove_private_mountpoint(*made);
  EXPECT_NE(::access(made->c_str(), F_OK), 0);
  EXPECT_EQ(maker_of_mountpoint("/tmp/npyfs-1-aZ09bc"), 1);
  EXPECT_EQ(maker_of_mountpoint("npyfs-4194304-abcdef"), 4194304);
}

TEST(PrivateMountpoint, OtherNamesHaveNoMaker) {
  for (const char* path :
       {"", "/", "/tmp/npyfs-abcdef", "/tmp/npyfs-1-abcde", "/tmp/npyfs-1-abcdefg", "/tmp/npyfs--abcdef",
        "/tmp/npyfs-0-abcdef", "/tmp/npyfs--1-abcdef", "/tmp/npyfs-99999999999-abcdef", "/tmp/npyfs-1_abcdef",
        "/tmp/npyfs-1-abc.ef", "/tmp/xnpyfs-1-abcdef", "/tmp/npyfs-1-abcdef/x", "/tmp/npyfs-1", "/tmp/npyfs-"}) {
    EXPECT_FALSE(maker_of_mountpoint(path)) << path;
  }
}

}  // namespace
}  // namespace npyfs
