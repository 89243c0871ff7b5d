// Directories being read.
#pragma once

#include <dirent.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/array/array_directory.h"
#include "core/array/array_listing.h"
#include "core/base/mutex.h"
#include "core/paths/directory_stream.h"
#include "core/paths/source_root.h"

namespace npyfs {

struct ListedName {
  std::string_view name;  // valid during the visit only
  ino_t inode;
  mode_t type;  // S_IFMT bits
  // Where reading goes on after this name. Stays valid for as long as the directory is open, whatever is added or
  // removed.
  std::uint64_t next_cookie;
};

// One open directory. Cookie 0 is its beginning. Thread-safe.
class Listing {
 public:
  using Visit = std::function<bool(const ListedName&)>;

  virtual ~Listing() = default;
  // Visits names from `cookie` on, "." and ".." among them, until `visit` returns false: that name was not taken.
  virtual Result<void> read(std::uint64_t cookie, const Visit& visit) = 0;
};

// A directory of the source. Names come in the source's order, with the source's own cookies, and so with its promise:
// a name that stays in the directory is listed exactly once. Arrays are listed as directories; no file is opened.
class MirrorListing : public Listing {
 public:
  // `path` of the directory beneath the root, and its identity: see SourceRoot::open_directory().
  static Result<std::unique_ptr<Listing>> open(const SourceRoot& root, const std::string& path,
                                               std::uint64_t identity = 0);
  Result<void> read(std::uint64_t cookie, const Visit& visit) override;

 private:
  MirrorListing(const SourceRoot& root, std::string path, dev_t device, DirectoryStream directory)
      : root_(root), path_(std::move(path)), device_(device), directory_(std::move(directory)) {}
  Result<void> move_to(std::uint64_t cookie) REQUIRES(mutex_);
  ListedName describe(const dirent& entry) const REQUIRES(mutex_);

  const SourceRoot& root_;
  const std::string path_;
  const dev_t device_;
  Mutex mutex_;  // a leaf: no other lock is taken while it is held
  DirectoryStream directory_ GUARDED_BY(mutex_);
  std::uint64_t position_ GUARDED_BY(mutex_) = 0;  // cookie of the next name
};

// A directory below an array's, as it was when it was opened.
class VirtualListing : public Listing {
 public:
  VirtualListing(const VirtualPath& directory, ArrayState array, std::uint64_t default_chunks, dev_t root_device);
  Result<void> read(std::uint64_t cookie, const Visit& visit) override;

 private:
  ListedName describe(std::string_view name) const;

  const VirtualPath directory_;
  const ArrayState array_;
  const dev_t root_device_;
  const ArrayListing names_;
};

// Whether a file of this name and type, both of the source, is an array and so a directory of the mount.
bool is_array_name(std::string_view name, mode_t type);

}  // namespace npyfs
