#include "core/base/readable_size.h"

#include <gtest/gtest.h>

#include <limits>

namespace npyfs {
namespace {

TEST(ReadableSize, OneDigitBehindThePoint) {
  EXPECT_EQ(readable_size(0), "0 B");
  EXPECT_EQ(readable_size(1023), "1023 B");
  EXPECT_EQ(readable_size(1024), "1.0 KiB");
  EXPECT_EQ(readable_size((1 << 20) - 1), "1.0 MiB") << "and not 1024.0 KiB";
  EXPECT_EQ(readable_size(std::uint64_t{3} << 29), "1.5 GiB");
  EXPECT_EQ(readable_size(std::numeric_limits<std::uint64_t>::max()), "16.0 EiB");
}

TEST(ReadableSize, BytesByAnotherName) {
  EXPECT_EQ(readable_size(17, "bytes"), "17 bytes");
  EXPECT_EQ(readable_size(1536, "bytes"), "1.5 KiB");
}

}  // namespace
}  // namespace npyfs
