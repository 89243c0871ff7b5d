// Directories of the source, as the mount lists them.
#pragma once

#include <dirent.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "core/array/array_name.h"
#include "core/base/error.h"
#include "core/base/mutex.h"
#include "core/paths/directory_stream.h"
#include "core/paths/source_root.h"
#include "core/tree/listing.h"

namespace npyfs {

// A directory of the source. The order and the cookies are the source's own, and so is its guarantee: a name that stays
// in the directory is listed exactly once. Arrays are listed as directories, by their names; no file is opened.
class MirrorListing : public Listing {
 public:
  // `path` is relative to the root; `identity` as for SourceRoot::open_directory(). `root` must outlive the listing.
  // `suffixes` are those of further arrays.
  static Result<std::unique_ptr<Listing>> open(const SourceRoot& root, const std::string& path,
                                               std::uint64_t identity = 0, ArraySuffixes suffixes = {});
  Result<void> read(std::uint64_t cookie, const Visit& visit) override EXCLUDES(mutex_);

 private:
  MirrorListing(const SourceRoot& root, std::string path, ArraySuffixes suffixes, dev_t device,
                DirectoryStream directory)
      : root_(root),
        path_(std::move(path)),
        suffixes_(std::move(suffixes)),
        device_(device),
        directory_(std::move(directory)) {}
  Result<void> move_to(std::uint64_t cookie) REQUIRES(mutex_);
  ListedName describe(const dirent& entry) const REQUIRES(mutex_);

  const SourceRoot& root_;
  const std::string path_;
  const ArraySuffixes suffixes_;
  const dev_t device_;
  Mutex mutex_;  // No other lock is taken while it is held.
  DirectoryStream directory_ GUARDED_BY(mutex_);
  std::uint64_t position_ GUARDED_BY(mutex_) = 0;  // cookie of the next name
};

}  // namespace npyfs
