#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "fs/options/command_line.h"

namespace npyfs {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::Not;

Result<Options> parse_with(std::string options) {
  std::string texts[] = {"npyfs", "/src", "/mnt", "-o"};
  char* argv[] = {texts[0].data(), texts[1].data(), texts[2].data(), texts[3].data(), options.data(), nullptr};
  return parse_options(5, argv);
}

TEST(ImmutableOption, AllIsKeptForGoodAndNothingIsWritten) {
  for (const char* given : {"immutable", "rw,immutable,ro"}) {
    const auto options = parse_with(given);
    ASSERT_TRUE(options) << given;
    EXPECT_TRUE(options->immutable);
    EXPECT_FALSE(options->writable);
    EXPECT_EQ(options->cache, CachePolicy::kAuto);
    for (const double seconds : {options->entry_timeout, options->attr_timeout, options->negative_timeout}) {
      EXPECT_EQ(seconds, 1e9);
    }
    EXPECT_THAT(options->fuse_arguments, Each(Not(HasSubstr("immutable")))) << "libfuse does not know it";
  }
  EXPECT_FALSE(parse_with("ro")->immutable);
  EXPECT_EQ(parse_with("ro")->attr_timeout, 1);
}

TEST(ImmutableOption, ExcludesWhatContradictsIt) {
  for (const char* given : {"immutable,rw", "rw,immutable", "immutable,ro,rw"}) {
    const auto options = parse_with(given);
    ASSERT_FALSE(options) << given;
    EXPECT_EQ(options.error().kind, ErrorKind::kInvalidArgument);
    EXPECT_EQ(to_message(options.error()),
              "immutable: excludes rw, which mount(8) and fstab ask for unless ro is given: say ro");
  }
  for (const char* given : {"immutable,attr_timeout=1", "entry_timeout=60,immutable", "immutable,negative_timeout=0"}) {
    const auto options = parse_with(given);
    ASSERT_FALSE(options) << given;
    EXPECT_EQ(to_message(options.error()),
              "immutable: excludes entry_timeout, attr_timeout and negative_timeout: all is kept for good");
  }
}

}  // namespace
}  // namespace npyfs
