#include "fs/daemon/command_process.h"

#include <gtest/gtest.h>

namespace npyfs {
namespace {

TEST(WithMountpoint, ReplacesEachPairOfBraces) {
  EXPECT_EQ(with_mountpoint("{}/a.npy", "/mnt"), "/mnt/a.npy");
  EXPECT_EQ(with_mountpoint("--in={}/a,--out={}/b", "/mnt"), "--in=/mnt/a,--out=/mnt/b");
  EXPECT_EQ(with_mountpoint("{}", "/a {} b"), "/a {} b") << "what has been put in is not looked at again";
  for (const char* word : {"", "{", "}", "}{", "{ }", "a"}) EXPECT_EQ(with_mountpoint(word, "/mnt"), word);
}

}  // namespace
}  // namespace npyfs
