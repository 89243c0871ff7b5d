#include "fs/kernel/fuse_log.h"

#include <fuse_log.h>
#include <gtest/gtest.h>

#include "fs/log/log.h"

namespace npyfs {
namespace {

TEST(FuseLog, WhatLibfuseSaysIsALineOfTheLog) {
  take_fuse_log();
  open_log(false, LogLevel::kWarning);
  testing::internal::CaptureStderr();
  ::fuse_log(FUSE_LOG_ERR, "fuse: reading %s: no\n\x1b[31m\n", "device");
  ::fuse_log(FUSE_LOG_WARNING, "fuse: a warning");
  ::fuse_log(FUSE_LOG_INFO, "fuse: not worth a line");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "npyfs: error: fuse: reading device: no\\n\\x1b[31m\n"
            "npyfs: warning: fuse: a warning\n");
  open_log(false, LogLevel::kNotice);
  ::fuse_set_log_func(nullptr);
}

}  // namespace
}  // namespace npyfs
