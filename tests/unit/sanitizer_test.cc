// That the sanitizers which this build was configured with see what goes wrong in core: without a report from them, and
// the end of the process, these tests fail.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <thread>

#include "core/base/escape.h"
#include "core/npy/npy_header.h"

namespace npyfs {
namespace {

constexpr std::string_view kConfigured = NPYFS_SANITIZE;
constexpr int kThreadSanitizerStatus = 66;  // that of a process that has had a report from it

class SanitizerDeathTest : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

void read_beyond_the_end() {
  const std::unique_ptr<char[]> text(new char[16]());
  escaped(std::string_view(text.get(), 17));
}

TEST_F(SanitizerDeathTest, AddressSanitizerReportsAReadBeyondTheEnd) {
  if (!kConfigured.contains("address")) GTEST_SKIP() << "built without AddressSanitizer";
  EXPECT_DEATH(read_beyond_the_end(), "AddressSanitizer: heap-buffer-overflow");
}

void use_a_bool_that_is_none() {
  NpyHeader header;
  header.shape = {1};
  std::memset(static_cast<void*>(&header.holds_objects), 2, 1);
  (void)check_sliceable(header, 0, "a.npy");
}

TEST_F(SanitizerDeathTest, UndefinedBehaviorSanitizerReportsABoolThatIsNone) {
  if (!kConfigured.contains("undefined")) GTEST_SKIP() << "built without UndefinedBehaviorSanitizer";
  EXPECT_DEATH(use_a_bool_that_is_none(), "runtime error: load of value 2");
}

void race() {
  char text[16] = {};
  std::atomic<bool> started = false;
  std::jthread writer([&] {
    started.store(true, std::memory_order_relaxed);
    text[0] = 'x';
  });
  while (!started.load(std::memory_order_relaxed)) continue;
  escaped(std::string_view(text, sizeof text));
  writer.join();
  std::exit(0);
}

TEST_F(SanitizerDeathTest, ThreadSanitizerReportsARace) {
  if (!kConfigured.contains("thread")) GTEST_SKIP() << "built without ThreadSanitizer";
  EXPECT_EXIT(race(), testing::ExitedWithCode(kThreadSanitizerStatus), "ThreadSanitizer: data race");
}

}  // namespace
}  // namespace npyfs
