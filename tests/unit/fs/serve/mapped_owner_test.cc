#include "fs/serve/mapped_owner.h"

#include <gtest/gtest.h>

namespace npyfs {
namespace {

TEST(MappedOwner, UnmappedHaveTheOverflowNumber) {
  EXPECT_EQ(number_of_unmapped("      4242       4242          1\n", "65534\n"), 65534u);
  EXPECT_EQ(number_of_unmapped("0 1000 1\n1 100000 65533\n", "65534\n"), 65534u);
  EXPECT_EQ(number_of_unmapped("65535 1000 1\n", "65534\n"), 65534u);
}

TEST(MappedOwner, AMappedNumberMayBeTheFilesOwn) {
  EXPECT_EQ(number_of_unmapped("         0          0 4294967295\n", "65534\n"), std::nullopt);
  EXPECT_EQ(number_of_unmapped("0 1000 1\n65534 100000 1\n", "65534\n"), std::nullopt);
  EXPECT_EQ(number_of_unmapped("0 1000 1\n1 100000 65534\n", "65534\n"), std::nullopt);
}

TEST(MappedOwner, WithoutProcNothingIsKnown) {
  EXPECT_EQ(number_of_unmapped("", "65534\n"), std::nullopt);
  EXPECT_EQ(number_of_unmapped("0 1000 1\n", ""), std::nullopt);
}

TEST(MappedOwner, TheirFilesAreShownAsOnesOwn) {
  struct stat status = {};
  status.st_uid = 7;
  status.st_gid = 65534;
  MappedOwner().show(status);
  EXPECT_EQ(status.st_gid, 65534u);
  MappedOwner(65534, 65534, 1000, 1001).show(status);
  EXPECT_EQ(status.st_uid, 7u);
  EXPECT_EQ(status.st_gid, 1001u);
  status.st_uid = 65534;
  MappedOwner(65534, std::nullopt, 1000, 1001).show(status);
  EXPECT_EQ(status.st_uid, 1000u);
}

}  // namespace
}  // namespace npyfs
