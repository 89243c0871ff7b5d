#include "fs/reply_pipe.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "core/mapping_cache.h"
#include "tests/unit/npy_bytes.h"
#include "tests/unit/temp_directory.h"

namespace npyfs {
namespace {

constexpr std::size_t kPage = 4096;

class ReplyPipeTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::sysconf(_SC_PAGESIZE) != long{kPage}) GTEST_SKIP() << "a pipe of such pages is not for everybody";
  }
  UniqueFd device() const { return UniqueFd(::open(directory_.path("device").c_str(), O_WRONLY | O_CREAT, 0600)); }
  std::string received() const { return directory_.read("device"); }

  TempDirectory directory_;
  ReplyPipe pipe_;
};

iovec piece(std::string& bytes, std::size_t offset = 0) {
  return {bytes.data() + offset, bytes.size() - offset};
}

// At the start of a page.
struct Aligned {
  explicit Aligned(std::size_t size) : bytes(pattern_bytes(size + kPage)) {
    offset = kPage - reinterpret_cast<std::uintptr_t>(bytes.data()) % kPage;
  }
  iovec piece(std::size_t size) { return {bytes.data() + offset, size}; }
  std::string bytes;
  std::size_t offset;
};

TEST_F(ReplyPipeTest, SendsEveryByteInOrder) {
  std::string header = "header";
  std::string body = pattern_bytes(1'000'000);
  const std::vector<iovec> pieces = {piece(header), piece(body, 4321), piece(header)};
  const UniqueFd device = this->device();
  ASSERT_TRUE(pipe_.send(device.get(), pieces));
  ASSERT_TRUE(pipe_.send(device.get(), pieces)) << "again";
  const std::string once = header + body.substr(4321) + header;
  EXPECT_EQ(received(), once + once);
}

TEST_F(ReplyPipeTest, LeavesWhatIsSmallToOthers) {
  std::string body = pattern_bytes(200'000);
  const std::vector<iovec> pieces = {piece(body)};
  EXPECT_FALSE(pipe_.send(device().get(), pieces));
  EXPECT_EQ(received(), "");
}

TEST_F(ReplyPipeTest, TakesWhatFitsAndNoMore) {
  std::string header = "header";
  Aligned body((ReplyPipe::kPages + 1) * kPage);
  const UniqueFd device = this->device();
  const std::vector<iovec> fits = {piece(header), body.piece((ReplyPipe::kPages - 1) * kPage)};
  ASSERT_TRUE(pipe_.send(device.get(), fits));
  const std::vector<iovec> too_large = {piece(header), body.piece((ReplyPipe::kPages - 1) * kPage + 1)};
  EXPECT_FALSE(pipe_.send(device.get(), too_large));
  EXPECT_EQ(received().size(), header.size() + (ReplyPipe::kPages - 1) * kPage);
}

TEST_F(ReplyPipeTest, WhatFailsLeavesNothingBehind) {
  std::string body = pattern_bytes(500'000);
  std::string other(500'000, 'x');
  EXPECT_FALSE(pipe_.send(-1, std::vector<iovec>{piece(other)}));
  ASSERT_TRUE(pipe_.send(device().get(), std::vector<iovec>{piece(body)}));
  EXPECT_EQ(received(), body);
}

TEST_F(ReplyPipeTest, PagesThatCannotBeHadAreNotSent) {
  directory_.write("source", pattern_bytes(1'000'000));
  const UniqueFd source(::open(directory_.path("source").c_str(), O_RDONLY));
  Mapping mapping;
  ASSERT_TRUE(mapping.map(source.get(), 0, 1'000'000));
  directory_.truncate("source", 300'000);
  const std::vector<iovec> pieces = {{mapping.address(), 1'000'000}};
  EXPECT_FALSE(pipe_.send(device().get(), pieces));
  EXPECT_EQ(received(), "");
  const std::vector<iovec> left = {{mapping.address(), 300'000}};
  ASSERT_TRUE(pipe_.send(device().get(), left));
  EXPECT_EQ(received(), pattern_bytes(1'000'000).substr(0, 300'000));
}

}  // namespace
}  // namespace npyfs
