#include "fs/options/usage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace npyfs {
namespace {

using testing::HasSubstr;

TEST(Usage, NamesEveryOption) {
  const std::string text = usage();
  for (const char* option :
       {"-f",           "-d",           "--help",      "--version",       "chunks=",       "follow_symlinks",
        "direct_io",    "kernel_cache", "source_io=",  "entry_timeout=",  "attr_timeout=", "negative_timeout=",
        "max_threads=", "loglevel=",    "allow_other", "allow_root",      "auto_unmount",  "fsname=",
        "--check",      "--json",       "--joined",    "--export",        "--chunks",      "--axis",
        "--create",     "--dtype",      "--shape",     "--fortran-order", "suffix=",       "follow_symlinks,suffix=",
        "immutable"}) {
    EXPECT_THAT(text, HasSubstr(option));
  }
}

TEST(Usage, FitsAScreen) {
  const std::string text = usage();
  EXPECT_LE(std::ranges::count(text, '\n'), 23) << "of 24, and the shell's prompt";
  std::size_t width = 0;
  for (const char c : text) {
    width = c == '\n' ? 0 : width + 1;
    EXPECT_LE(width, 80u);
  }
}

}  // namespace
}  // namespace npyfs
