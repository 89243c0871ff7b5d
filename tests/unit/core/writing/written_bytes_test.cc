#include "core/writing/written_bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace npyfs {
namespace {

TEST(WrittenBytes, AreCountedByView) {
  WrittenBytes written;
  *written.counter("b.npy/chunks/0_of_2.npy") += 100;
  *written.counter("a.npy/chunks/0_of_2.npy") += 5;
  *written.counter("b.npy/chunks/0_of_2.npy") += 20;
  EXPECT_EQ(written.of("b.npy/chunks/0_of_2.npy"), 120u);
  EXPECT_EQ(written.of("b.npy/chunks/1_of_2.npy"), 0u);
  using View = std::pair<std::string, std::uint64_t>;
  EXPECT_THAT(written.all(),
              testing::ElementsAre(View{"a.npy/chunks/0_of_2.npy", 5}, View{"b.npy/chunks/0_of_2.npy", 120}));
}

}  // namespace
}  // namespace npyfs
