#include "fs/kernel/kernel_notices.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/support/operations_fixture.h"

namespace npyfs {
namespace {

using KernelNoticesTest = OperationsTest;

TEST_F(KernelNoticesTest, AttributesExpireWithoutThePages) {
  mount_.notices.expire_attributes(5);
  kernel_.ask(FUSE_GETATTR, kRootNode, std::string(sizeof(fuse_getattr_in), '\0'));
  ASSERT_EQ(kernel_.notices().size(), 1u);
  const std::string& notice = kernel_.notices()[0];
  const auto header = structure_in<fuse_out_header>(notice);
  const auto body = structure_in<fuse_notify_inval_inode_out>(notice, sizeof header);
  EXPECT_EQ(header.error, FUSE_NOTIFY_INVAL_INODE);
  EXPECT_EQ(notice.size(), sizeof header + sizeof body);
  EXPECT_EQ(body.ino, 5u);
  EXPECT_LT(body.off, 0) << "no pages";
}

}  // namespace
}  // namespace npyfs
