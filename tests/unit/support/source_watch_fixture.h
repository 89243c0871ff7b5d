// A SourceWatch that has been started and watches the root of a source.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "core/watch/source_watch.h"
#include "tests/unit/support/temp_directory.h"

namespace npyfs {

class SourceWatchTest : public testing::Test {
 protected:
  SourceWatchTest() {
    EXPECT_TRUE(watch_.start());
    directory_.make_directory("sub/deep");
    directory_.write("old", "old");
    watch_.add(kRootNode, path(""));
  }

  static std::shared_ptr<const std::string> path(const std::string& text) {
    return std::make_shared<const std::string>(text);
  }

  // All changes up to now: makes a file and waits until wait() reports it.
  SourceChanges heard() {
    directory_.write("marker", "");
    std::filesystem::remove(directory_.path("marker"));
    SourceChanges all;
    while (!all.paths.contains("marker")) {
      const auto changes = watch_.wait();
      if (!changes || !*changes) {
        ADD_FAILURE() << "no more changes are reported";
        break;
      }
      for (const auto& [changed, has_come_or_gone] : (*changes)->paths) all.add(changed, has_come_or_gone);
      all.directories.insert((*changes)->directories.begin(), (*changes)->directories.end());
      all.everything |= (*changes)->everything;
    }
    all.paths.erase("marker");
    return all;
  }

  const TempDirectory directory_;
  SourceRoot root_ = std::move(*SourceRoot::open(directory_.path(), Symlinks::kWithinRoot, Users::kOwner));
  SourceWatch watch_{root_};
};

}  // namespace npyfs
