#include "core/paths/walk_position.h"

#include <fcntl.h>
#include <gmock/gmock.h>

#include <string>

#include "tests/unit/support/temp_directory.h"

namespace npyfs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class WalkPositionTest : public testing::Test {
 protected:
  UniqueFd opened(const std::string& name) const {
    directory_.make_directory(name);
    return UniqueFd(::open(directory_.path(name).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }

  const TempDirectory directory_;
};

TEST_F(WalkPositionTest, GoesBackTheWayItCame) {
  const UniqueFd base = opened("base");
  UniqueFd a = opened("a");
  UniqueFd b = opened("b");
  const int fd_of_a = a.get();
  const int fd_of_b = b.get();
  WalkPosition position(base.get());
  EXPECT_TRUE(position.is_at_base());
  EXPECT_EQ(position.directory(), base.get());
  position.enter("a", std::move(a));
  position.enter("b", std::move(b));
  EXPECT_FALSE(position.is_at_base());
  EXPECT_EQ(position.directory(), fd_of_b);
  EXPECT_THAT(position.leave(), IsEmpty());
  EXPECT_EQ(position.directory(), fd_of_a);
  EXPECT_THAT(position.leave(), IsEmpty());
  EXPECT_TRUE(position.is_at_base());
  EXPECT_EQ(position.directory(), base.get());
}

TEST_F(WalkPositionTest, HoldsFewDescriptorsAndNamesTheOtherDirectories) {
  const UniqueFd base = opened("base");
  const std::size_t before = open_descriptors();
  WalkPosition position(base.get());
  for (std::size_t i = 0; i < WalkPosition::kMaxHeld + 3; ++i) position.enter(std::to_string(i), opened("deep"));
  EXPECT_EQ(open_descriptors(), before + WalkPosition::kMaxHeld);
  for (std::size_t i = 1; i < WalkPosition::kMaxHeld; ++i) EXPECT_THAT(position.leave(), IsEmpty());
  EXPECT_THAT(position.leave(), ElementsAre("0", "1", "2"));
  EXPECT_TRUE(position.is_at_base());
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(WalkPositionTest, OwnsABaseThatItIsGiven) {
  const UniqueFd base = opened("base");
  const std::size_t before = open_descriptors();
  {
    WalkPosition position(base.get());
    position.enter("a", opened("a"));
    position.restart(opened("b"));
    EXPECT_TRUE(position.is_at_base());
    EXPECT_EQ(open_descriptors(), before + 1);
    position.restart(base.get());
    EXPECT_EQ(position.directory(), base.get());
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(WalkPositionTest, GivesTheCurrentDirectoryAway) {
  const UniqueFd base = opened("base");
  UniqueFd a = opened("a");
  const int fd_of_a = a.get();
  WalkPosition position(base.get());
  position.enter("a", std::move(a));
  EXPECT_EQ(position.release().get(), fd_of_a);
}

}  // namespace
}  // namespace npyfs
