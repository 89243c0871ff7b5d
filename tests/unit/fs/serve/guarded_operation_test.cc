#include "fs/serve/guarded_operation.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <system_error>

#include "tests/unit/support/operations_fixture.h"

namespace npyfs {
namespace {

void has_no_memory(fuse_req_t, fuse_ino_t, const char*) {
  throw std::bad_alloc();
}
void has_no_thread(fuse_req_t, fuse_ino_t, fuse_file_info*) {
  throw std::system_error(EAGAIN, std::generic_category());
}
void fails(fuse_req_t, fuse_ino_t, fuse_file_info*) {
  throw std::runtime_error("line\nforged");
}
void throws_what_is_no_exception(fuse_req_t, fuse_ino_t) {
  throw 7;
}
void answers_and_fails(fuse_req_t request, fuse_ino_t, fuse_file_info*) {
  fuse_reply_err(request, EBUSY);
  throw std::bad_alloc();
}
void forget(fuse_req_t, fuse_ino_t, uint64_t) {
  throw std::bad_alloc();
}
void forget_multi(fuse_req_t, size_t, fuse_forget_data*) {
  throw std::bad_alloc();
}
void init(void*, fuse_conn_info*) {
  throw std::bad_alloc();
}

const fuse_lowlevel_ops kThrowing = [] {
  fuse_lowlevel_ops operations = {};
  operations.init = Guarded<init>::call;
  operations.lookup = Guarded<has_no_memory>::call;
  operations.open = Guarded<fails>::call;
  operations.getattr = Guarded<has_no_thread>::call;
  operations.readlink = Guarded<throws_what_is_no_exception>::call;
  operations.opendir = Guarded<answers_and_fails>::call;
  operations.forget = Guarded<forget>::forget;
  operations.forget_multi = Guarded<forget_multi>::forget;
  return operations;
}();

class GuardedTest : public OperationsTest {
 protected:
  FakeKernel throwing_{mount_, kThrowing};
};

TEST_F(GuardedTest, AnExceptionIsAnErrorReplyAndIsCountedAndLogged) {
  throwing_.init(FUSE_ASYNC_READ);
  open_log(false, LogLevel::kError);
  testing::internal::CaptureStderr();
  EXPECT_EQ(throwing_.ask(FUSE_LOOKUP, kRootNode, std::string("x\0", 2)).error, ENOMEM);
  EXPECT_EQ(throwing_.ask(FUSE_OPEN, 1, bytes_of(fuse_open_in{})).error, EIO);
  EXPECT_EQ(throwing_.ask(FUSE_GETATTR, 1, bytes_of(fuse_getattr_in{})).error, ENOMEM);
  EXPECT_EQ(throwing_.ask(FUSE_READLINK, 1).error, EIO);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "npyfs: error: a request failed: out of memory\n"
            "npyfs: error: a request failed: line\\nforged\n"
            "npyfs: error: a request failed: Resource temporarily unavailable\n"
            "npyfs: error: a request failed: an unknown exception\n");
  EXPECT_EQ(mount_.counters.errors, 4u);
}

TEST_F(GuardedTest, NothingIsAnsweredTwice) {
  throwing_.init(FUSE_ASYNC_READ);
  EXPECT_EQ(throwing_.ask(FUSE_OPENDIR, 1, bytes_of(fuse_open_in{})).error, EBUSY) << "ask() looks for a second reply";
  EXPECT_EQ(throwing_.ask(FUSE_LOOKUP, kRootNode, std::string("x\0", 2)).error, ENOMEM) << "the next one is another";
}

// An INTERRUPT for a request that libfuse does not know is answered along with the next request.
TEST_F(GuardedTest, TheReplyToAnotherRequestIsNotTheOneThatIsMissing) {
  throwing_.init(FUSE_ASYNC_READ);
  EXPECT_FALSE(throwing_.ask(FUSE_INTERRUPT, 0, bytes_of(fuse_interrupt_in{12345})).came);
  const std::uint64_t interrupt = throwing_.last_unique();
  EXPECT_EQ(throwing_.ask(FUSE_LOOKUP, kRootNode, std::string("x\0", 2)).error, ENOMEM);
  EXPECT_EQ(throwing_.late_reply(interrupt).error, EAGAIN);
  EXPECT_EQ(mount_.requests.of(FUSE_INTERRUPT).errors[EAGAIN], 1u);
  EXPECT_EQ(mount_.requests.of(FUSE_OPEN).errors[EAGAIN], 0u);
}

TEST_F(GuardedTest, ForgetsAreNotAnswered) {
  throwing_.init(FUSE_ASYNC_READ);
  EXPECT_FALSE(throwing_.ask(FUSE_FORGET, 1, bytes_of(fuse_forget_in{1})).came);
  fuse_batch_forget_in batch = {};
  batch.count = 1;
  EXPECT_FALSE(throwing_.ask(FUSE_BATCH_FORGET, 0, bytes_of(batch) + bytes_of(fuse_forget_one{1, 1})).came);
}

}  // namespace
}  // namespace npyfs
