#include "fs/serve/housekeeping.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/support/operations_fixture.h"

namespace npyfs {
namespace {

// A sanitizer has an allocator of its own, which gives nothing back.
constexpr bool kIsGlibcMalloc = std::string_view(NPYFS_SANITIZE).empty();

constexpr std::uint64_t kMiB = 1 << 20;

// Anonymous memory of this process that is in use, in bytes.
std::uint64_t resident() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::uint64_t kib = 0;
    if (word == "RssAnon:" && status >> kib) return kib * 1024;
  }
  ADD_FAILURE() << "/proc/self/status has no RssAnon";
  return 0;
}

using HousekeepingTest = OperationsTest;

TEST_F(HousekeepingTest, GivesBackTheMemoryOfNodesThatCameAndWentBetweenTwoLooks) {
  if (!kIsGlibcMalloc) GTEST_SKIP() << "only glibc's allocator gives memory back";
  constexpr std::size_t kCount = 50'000;
  Tree& tree = mount_.tree;
  const Housekeeping housekeeping(tree);
  directory_.write("rows.npy", npy_bytes({.shape = {kCount}}));  // so that no two of its chunks are one view
  const std::uint64_t directory = node("rows.npy/chunks");
  const std::uint64_t before = resident();
  // As in a mount, not in the thread that has the first arena.
  std::thread([&] {
    std::vector<NodeId> found;
    for (std::size_t i = 0; i < kCount; ++i) {
      const auto entry = tree.lookup(directory, std::to_string(i) + "_of_50000.npy");
      ASSERT_TRUE(entry);
      found.push_back(entry->node);
    }
    EXPECT_GT(resident(), before + 5 * kMiB);
    for (const NodeId id : found) tree.forget(id, 1);
  }).join();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (resident() > before + kMiB && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_LE(resident(), before + kMiB);
}

}  // namespace
}  // namespace npyfs
