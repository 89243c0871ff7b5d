#include "core/base/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

UniqueFd open_null() {
  return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) != -1;
}

TEST(UniqueFd, ClosesWhatItOwns) {
  const std::size_t before = open_descriptors();
  int number = -1;
  {
    const UniqueFd fd = open_null();
    number = fd.get();
    EXPECT_TRUE(fd);
    EXPECT_TRUE(is_open(number));
    EXPECT_EQ(open_descriptors(), before + 1);
  }
  EXPECT_FALSE(is_open(number));
  EXPECT_EQ(open_descriptors(), before);
}

TEST(UniqueFd, IsEmptyByDefaultAndForNoDescriptor) {
  EXPECT_FALSE(UniqueFd());
  EXPECT_FALSE(UniqueFd(-1));
  EXPECT_TRUE(UniqueFd(::dup(0)));
}

TEST(UniqueFd, MovesItsDescriptor) {
  const std::size_t before = open_descriptors();
  UniqueFd a = open_null();
  const int number = a.get();
  UniqueFd b = std::move(a);
  EXPECT_FALSE(a);  // NOLINT(bugprone-use-after-move): empty is the contract
  EXPECT_EQ(b.get(), number);
  UniqueFd c = open_null();
  const int replaced = c.get();
  c = std::move(b);
  EXPECT_EQ(c.get(), number);
  EXPECT_FALSE(is_open(replaced));
  UniqueFd& itself = c;
  c = std::move(itself);
  EXPECT_EQ(c.get(), number);
  EXPECT_TRUE(is_open(number));
  c = UniqueFd();
  EXPECT_EQ(open_descriptors(), before);
}

TEST(UniqueFd, ReleaseGivesTheDescriptorAway) {
  int number = -1;
  {
    UniqueFd fd = open_null();
    number = fd.release();
    EXPECT_FALSE(fd);
  }
  EXPECT_TRUE(is_open(number));
  const UniqueFd owner(number);
}

}  // namespace
}  // namespace npyfs
