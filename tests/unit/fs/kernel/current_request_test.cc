#include "fs/kernel/current_request.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <thread>

namespace npyfs {
namespace {

fuse_in_header request(std::uint64_t unique) {
  fuse_in_header header = {};
  header.unique = unique;
  header.opcode = FUSE_READ;
  return header;
}

TEST(CurrentRequest, IsTheOneThatWasReadLast) {
  begin_request(request(1));
  note_reply(1, EFAULT);
  EXPECT_TRUE(current_request().is_answered);
  EXPECT_EQ(current_request().reply_error, EFAULT);
  begin_request(request(2));
  EXPECT_EQ(current_request().unique, 2u);
  EXPECT_EQ(current_request().opcode, std::uint32_t{FUSE_READ});
  EXPECT_FALSE(current_request().is_answered);
  EXPECT_EQ(current_request().reply_error, 0);
}

TEST(CurrentRequest, IsNotAnsweredByOtherRepliesAndNotices) {
  begin_request(request(1));
  note_reply(2, ENOENT);
  note_reply(0, EFAULT);
  EXPECT_FALSE(current_request().is_answered);
  EXPECT_EQ(current_request().reply_error, 0);
}

TEST(CurrentRequest, AnotherOneIsResumedForAWhile) {
  begin_request(request(1));
  const CurrentRequest waiting = current_request();
  begin_request(request(2));
  {
    const ResumedRequest resumed(waiting);
    EXPECT_EQ(current_request().unique, 1u);
    note_reply(1, 0);
    EXPECT_TRUE(current_request().is_answered);
  }
  EXPECT_EQ(current_request().unique, 2u);
  EXPECT_FALSE(current_request().is_answered);
}

TEST(CurrentRequest, EachThreadHasItsOwn) {
  begin_request(request(1));
  std::jthread([] {
    EXPECT_EQ(current_request().unique, 0u);
    begin_request(request(2));
  }).join();
  EXPECT_EQ(current_request().unique, 1u);
}

}  // namespace
}  // namespace npyfs
