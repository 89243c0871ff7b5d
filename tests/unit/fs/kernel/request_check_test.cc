#include "fs/kernel/request_check.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/unit/support/operations_fixture.h"

namespace npyfs {
namespace {

std::string request(std::uint32_t opcode, std::string_view body, std::uint64_t node = 1) {
  fuse_in_header header = {};
  header.len = static_cast<std::uint32_t>(sizeof header + body.size());
  header.opcode = opcode;
  header.unique = 7;
  header.nodeid = node;
  return bytes_of(header) + std::string(body);
}

bool is_safe(std::string bytes, std::size_t room = 200) {
  const std::size_t size = bytes.size();
  bytes.append(room, 'x');
  const bool safe = make_safe(bytes.data(), size, bytes.size());
  if (safe) {
    EXPECT_EQ(bytes.substr(size, 128), std::string(128, '\0'));
  }
  return safe;
}

TEST(MakeSafe, OfRequestsThatAreWhole) {
  EXPECT_TRUE(is_safe(request(FUSE_LOOKUP, std::string("a.npy\0", 6))));
  EXPECT_TRUE(is_safe(request(FUSE_LOOKUP, "no end"))) << "zeros follow";
  EXPECT_TRUE(is_safe(request(FUSE_READ, "short"))) << "zeros follow";
  EXPECT_TRUE(is_safe(request(9999, "")));
  EXPECT_TRUE(is_safe(request(FUSE_BATCH_FORGET, bytes_of(fuse_batch_forget_in{1, 0}) + std::string(16, '\0'))));
  fuse_write_in write = {};
  write.size = 3;
  EXPECT_TRUE(is_safe(request(FUSE_WRITE, bytes_of(write) + "abc")));
}

TEST(MakeSafe, NotOfOnesThatPromiseMoreThanTheyHold) {
  EXPECT_FALSE(is_safe(request(FUSE_LOOKUP, "x"), 127)) << "no room for zeros";
  EXPECT_FALSE(is_safe(request(FUSE_LOOKUP, "x").substr(0, 39)));
  EXPECT_FALSE(is_safe(request(FUSE_LOOKUP, "x") + "more"));
  EXPECT_FALSE(is_safe(request(FUSE_BATCH_FORGET, "").append(bytes_of(fuse_batch_forget_in{1, 0}))));
  for (const std::uint32_t count : {2u, 1u << 28, ~0u}) {
    const auto body = bytes_of(fuse_batch_forget_in{count, 0}) + std::string(16, '\0');
    EXPECT_FALSE(is_safe(request(FUSE_BATCH_FORGET, body))) << count;
  }
  fuse_write_in write = {};
  write.size = 4;
  EXPECT_FALSE(is_safe(request(FUSE_WRITE, bytes_of(write) + "abc")));
}

// The kernel sends as many forgets at once as there is room for.
TEST(MakeSafe, OfABatchOfForgetsThatFillsItsRoom) {
  constexpr std::size_t kCapacity = 40 + 8 + 100 * 16 + 128;
  const auto body = bytes_of(fuse_batch_forget_in{100, 0}) + std::string(100 * 16, '\0');
  std::string bytes = request(FUSE_BATCH_FORGET, body);
  ASSERT_EQ(bytes.size(), room_for_request(kCapacity));
  bytes.resize(kCapacity, 'x');
  EXPECT_TRUE(make_safe(bytes.data(), room_for_request(kCapacity), kCapacity));
  EXPECT_EQ(room_for_request(127), 0u);
}

class MalformedRequestsTest : public OperationsTest {
 protected:
  int error_of(const std::string& bytes) {
    const auto messages = kernel_.send_raw(bytes);
    if (messages.size() != 1) return -1;
    return -structure_in<fuse_out_header>(messages[0]).error;
  }
  void expect_that_it_still_serves() {
    EXPECT_EQ(look_up(kRootNode, "notes.txt").error, 0);
    EXPECT_FALSE(kernel_.session_has_ended());
  }
};

TEST_F(MalformedRequestsTest, AreRefused) {
  EXPECT_EQ(error_of(request(FUSE_LOOKUP, "notes.txt") + "more"), EINVAL);
  EXPECT_EQ(error_of(request(FUSE_LOOKUP, "no end")), ENOENT);
  EXPECT_EQ(error_of(request(FUSE_LOOKUP, "")), 0) << "an empty name is the directory itself";
  EXPECT_EQ(error_of(request(9999, "")), ENOSYS);
  EXPECT_EQ(error_of(request(FUSE_READ, "short")), EBADF);
  EXPECT_EQ(error_of(request(FUSE_SYMLINK, "name")), EPERM);
  EXPECT_EQ(error_of(request(FUSE_INIT, "again")), EIO);
  EXPECT_TRUE(kernel_.send_raw(request(FUSE_BATCH_FORGET, bytes_of(fuse_batch_forget_in{~0u, 0}))).empty());
  expect_that_it_still_serves();
}

TEST_F(MalformedRequestsTest, NamesThatNoKernelSendsLeadNowhereElse) {
  EXPECT_EQ(look_up(kRootNode, "..").error, EXDEV);
  EXPECT_EQ(look_up(kRootNode, "../../../../etc/passwd").error, EXDEV);
  EXPECT_NE(look_up(kRootNode, "/etc/passwd").error, 0);
  EXPECT_EQ(look_up(node("a.npy"), "../notes.txt").error, ENOENT);
  expect_that_it_still_serves();
}

// 100,000 requests with any opcode and bytes, among them nodes and handles that exist.
TEST_F(MalformedRequestsTest, NeverEndTheSession) {
  open_log(false, LogLevel::kError);
  std::mt19937 random(1);  // NOLINT: the same numbers in every run
  const std::vector<std::uint64_t> nodes = {0, 1, 2, node("a.npy"), node("a.npy/chunks/1_of_3.npy"), ~std::uint64_t{0}};
  (void)open(nodes[4]);
  (void)open(kRootNode, O_RDONLY, FUSE_OPENDIR);
  const auto below = [&](std::uint32_t bound) { return static_cast<std::uint32_t>(random() % bound); };
  for (int i = 0; i < 100'000; ++i) {
    std::string body;
    const std::uint32_t words = below(14);
    for (std::uint32_t word = 0; word < words; ++word) {
      const std::uint64_t values[] = {0,       1, 2, 3, below(300), ~std::uint64_t{0}, std::uint64_t{1} << below(64),
                                      random()};
      body += bytes_of(values[below(8)]);
    }
    body.resize(body.size() - std::min<std::size_t>(body.size(), below(9)));
    std::uint32_t opcode = below(56);
    // libfuse keeps those that fit no request, and never frees them.
    if (opcode == FUSE_INTERRUPT || opcode == FUSE_NOTIFY_REPLY) continue;
    if (opcode == FUSE_DESTROY) opcode = 4096;  // CUSE_INIT
    auto bytes = request(opcode, body, nodes[below(6)]);
    if (below(10) == 0) bytes[below(4)] = static_cast<char>(random());
    kernel_.send_raw(bytes);
    ASSERT_FALSE(kernel_.session_has_ended()) << "opcode " << opcode;
  }
  expect_that_it_still_serves();
}

}  // namespace
}  // namespace npyfs
