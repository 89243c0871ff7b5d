// One source file as it was opened: descriptor, status, mappings.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "core/base/error.h"
#include "core/base/extent.h"
#include "core/base/unique_fd.h"
#include "core/paths/file_version.h"
#include "core/paths/source_root.h"
#include "core/source/mapping_cache.h"

namespace npyfs {

// How the bytes of a source are read (-o source_io).
enum class SourceIo {
  kAuto,   // by filesystem: kPread where page faults are slow (network filesystems and FUSE), else kMmap
  kMmap,   // from a mapping, without a copy; kPread where mappings may show old bytes (overlayfs)
  kPread,  // through a buffer
};

// Returns when everything that was written into the file open at `fd` is on stable storage. kSystem if a write-back of
// the file has failed since the descriptor was opened or last synced. `path` is for messages.
Result<void> sync_data(int fd, const std::string& path);

// Size and version are those of the time of the open and never change. The descriptor keeps the opened file, even if
// another file takes its name. Thread-safe.
class SourceFile {
 public:
  // Opens a regular file. Errors as SourceRoot::open_file().
  static Result<std::shared_ptr<const SourceFile>> open(const SourceRoot& root, const std::string& path, SourceIo io,
                                                        std::shared_ptr<MappingCache> mappings);
  SourceFile(const SourceFile&) = delete;
  SourceFile& operator=(const SourceFile&) = delete;
  ~SourceFile();

  int fd() const { return fd_.get(); }
  const struct stat& status() const { return status_; }
  FileVersion version() const { return FileVersion::of(status_); }
  // Whether this is the status of the opened file, unchanged as far as a status can tell.
  bool is_version_of(const struct stat& status) const { return FileVersion::of(status) == version(); }
  std::uint64_t size() const { return static_cast<std::uint64_t>(status_.st_size); }
  bool is_mapped() const { return io_ == SourceIo::kMmap; }

  // The status of the file now. kTruncated if the file no longer has all of these bytes.
  Result<struct stat> check_size(Extent bytes) const;

  // The mapping of bytes [index * MappingCache::kWindowSize, ...). Only if is_mapped().
  Result<std::shared_ptr<const Mapping>> window(std::uint64_t index) const;

  // Reads exactly `size` bytes at `offset`; repeats pread(2) after EINTR and after a short read. kTruncated if the file
  // ends before.
  Result<void> read_exactly(std::byte* out, std::size_t size, std::uint64_t offset) const;

  // See sync_data().
  Result<void> sync() const { return sync_data(fd(), path_); }

  // Asks the kernel to read a range into the page cache. Does not wait for it.
  void will_need(Extent range) const;

  // The path relative to the source directory, for messages.
  const std::string& path() const { return path_; }

 private:
  SourceFile(UniqueFd fd, const struct stat& status, std::string path, SourceIo io,
             std::shared_ptr<MappingCache> mappings);

  const UniqueFd fd_;
  const struct stat status_;
  const std::string path_;
  const SourceIo io_;  // kMmap or kPread
  const std::uint64_t id_;
  const std::shared_ptr<MappingCache> mappings_;
};

}  // namespace npyfs
