#include "fs/commands/progress.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace npyfs {
namespace {

constexpr auto kFiles = ProgressUnit::kFiles;
constexpr auto kBytes = ProgressUnit::kBytes;

TEST(ProgressLine, ABarAndNumbers) {
  EXPECT_EQ(progress_line("checking", 512, 1024, kFiles, 79),
            "checking [####################                    ]  50% 512 of 1024 files");
  EXPECT_EQ(progress_line("checking", 0, 8, kFiles, 36), "checking [       ]   0% 0 of 8 files");
  EXPECT_EQ(progress_line("copying", 1 << 20, 1 << 30, kBytes, 60),
            "copying [                          ]   0% 1.0 MiB of 1.0 GiB");
}

TEST(ProgressLine, NeverWiderThanTheTerminal) {
  for (std::size_t width = 0; width < 120; ++width) {
    for (const std::uint64_t total : {std::uint64_t{0}, std::uint64_t{7}, std::numeric_limits<std::uint64_t>::max()}) {
      for (const std::uint64_t done : {std::uint64_t{0}, total / 2, total}) {
        EXPECT_LE(progress_line("checking", done, total, kFiles, width).size(), width);
        EXPECT_LE(progress_line("checking", done, total, kBytes, width).size(), width);
      }
    }
  }
}

TEST(ProgressLine, WithoutATotalACount) {
  EXPECT_EQ(progress_line("looking for arrays:", 17, 0, kFiles, 79), "looking for arrays: 17 files");
}

}  // namespace
}  // namespace npyfs
