#include "core/base/write_all.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/unique_fd.h"
#include "tests/unit/support/failing_calls.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

// While it lives, no file grows beyond `size` bytes: the write across that edge is short, the next one is EFBIG.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t size) : signal_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {size, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    (void)std::signal(SIGXFSZ, signal_);
  }

 private:
  void (*signal_)(int);
  rlimit before_ = {};
};

class WriteAllTest : public testing::Test {
 protected:
  Result<void> write(std::string_view text, std::uint64_t offset) const {
    return pwrite_all(file_.get(), std::as_bytes(std::span(text)), offset, "a");
  }

  // `text` in pieces of `piece` bytes.
  Result<void> write_in_pieces(std::string text, std::size_t piece, std::uint64_t offset) const {
    std::vector<iovec> pieces;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      pieces.push_back({&text[at], std::min(piece, text.size() - at)});
      pieces.push_back({nullptr, 0});
    }
    return pwritev_all(file_.get(), pieces, offset, "a");
  }

  const TempDirectory directory_;
  UniqueFd file_{::open(directory_.path("a").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)};
};

TEST_F(WriteAllTest, WritesAtTheOffset) {
  ASSERT_TRUE(write("some bytes", 3));
  EXPECT_EQ(directory_.read("a"), std::string(3, '\0') + "some bytes");
  ASSERT_TRUE(write("", 1000));
  EXPECT_EQ(directory_.read("a").size(), 13u);
}

TEST_F(WriteAllTest, WritesAllPiecesHoweverManyThereAre) {
  std::string text;
  for (int i = 0; i < 3 * IOV_MAX; ++i) text.push_back(static_cast<char>('a' + i % 23));
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, text.size()}) {
    ASSERT_TRUE(write_in_pieces(text, piece, 2));
    EXPECT_EQ(directory_.read("a").substr(2), text) << piece;
  }
  ASSERT_TRUE(pwritev_all(file_.get(), {}, 0, "a"));
}

TEST_F(WriteAllTest, GoesOnAfterAShortWrite) {
  const std::string text = "0123456789abcdef";
  const FileSizeLimit limit(10);
  for (const auto& failed : {write(text, 0), write_in_pieces(text, 3, 0)}) {
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().os_error, EFBIG) << "not the short write, but the one after it";
    EXPECT_EQ(directory_.read("a"), text.substr(0, 10));
  }
}

TEST_F(WriteAllTest, AWriteOfNothingIsAnError) {
  for (const auto call : {FailingCall::kPwrite, FailingCall::kPwritev}) {
    const CallFailure writes_nothing(call, 0);
    const auto failed = call == FailingCall::kPwrite ? write("bytes", 0) : write_in_pieces("bytes", 2, 0);
    ASSERT_FALSE(failed);
    EXPECT_EQ(to_message(failed.error()), "a: write failed: Input/output error");
    EXPECT_EQ(failed.error().os_error, EIO);
  }
}

TEST_F(WriteAllTest, TheSystemsErrorIsReported) {
  for (const auto call : {FailingCall::kPwrite, FailingCall::kPwritev}) {
    const CallFailure fails(call, ENOSPC);
    const auto failed = call == FailingCall::kPwrite ? write("bytes", 0) : write_in_pieces("bytes", 2, 0);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().os_error, ENOSPC);
  }
}

}  // namespace
}  // namespace npyfs
