// One source file as it was opened: descriptor, version, header, mappings.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "core/npy/npy_header.h"
#include "core/paths/file_version.h"
#include "core/paths/source_root.h"
#include "core/slice/strided_runs.h"
#include "core/source/mapping_cache.h"

namespace npyfs {

// How a source's bytes are got at (-o source_io).
enum class SourceIo {
  kAuto,   // by filesystem: kPread where page faults are slow (network filesystems and FUSE), else kMmap
  kMmap,   // straight from a mapping, with no copy; kPread where mappings may be out of date (overlayfs)
  kPread,  // through a buffer
};

// What a source is opened as.
enum class SourceRole {
  kFile,          // bytes
  kArray,         // its header is read as well; a file without a good one opens all the same
  kWrittenArray,  // the same of an array whose rows are written through this mount: see FileVersion
};

// Returns when what was written into the file open at `fd` is on stable storage; kSystem with what the kernel has heard
// of failed writes since that descriptor was opened, or last asked. `path` is for messages.
Result<void> sync_data(int fd, const std::string& path);

// What was found when the file was opened is pinned: header, size and version never change, and the descriptor keeps
// the file that was opened even if another takes its name. Thread-safe.
class SourceFile {
 public:
  // Opens `path`. kStale where the file is changed meanwhile.
  static Result<std::shared_ptr<const SourceFile>> open(const SourceRoot& root, const std::string& path,
                                                        SourceRole role, SourceIo io,
                                                        std::shared_ptr<MappingCache> mappings);
  SourceFile(const SourceFile&) = delete;
  SourceFile& operator=(const SourceFile&) = delete;
  ~SourceFile();

  int fd() const { return fd_.get(); }
  const struct stat& status() const { return status_; }  // as it was opened
  FileVersion version() const;
  // Whether a file with this status is the one that was opened, as far as that tells.
  bool is_version_of(const struct stat& status) const;
  std::uint64_t size() const { return static_cast<std::uint64_t>(status_.st_size); }
  SourceRole role() const { return role_; }
  bool is_mapped() const { return io_ == SourceIo::kMmap; }

  // The header; the reason why there is none otherwise. Not in the role of a mere file.
  const Result<NpyHeader>& header() const { return header_; }

  // Whether the header could not be read, so that it is not known whether there is one.
  bool is_unreadable() const { return !header_ && header_.error().kind == ErrorKind::kSystem; }

  // Why no slice can be served from this array, where that is so: no header, no dimensions, objects, items of no size,
  // fewer data than promised. Not in the role of a mere file.
  const Result<void>& sliceable() const { return sliceable_; }

  // The bytes that the header was read from: the first data_offset bytes of the file, where it has one.
  std::span<const std::byte> header_bytes() const { return header_bytes_; }

  // Whether the header may be older than version() says: the file's timestamps were racy (see is_racy()) each time that
  // the header was read or compared.
  bool has_racy_header() const { return has_racy_header_.load(std::memory_order_relaxed); }

  // kStale where these bytes of the file are others now.
  Result<void> check_header_bytes() const;

  // kTruncated where the file has become too short for these bytes since it was opened. kStale where a header that was
  // rewritten in place makes something else of them: see is_extension_of() for what may have changed.
  Result<void> check_still_holds(Extent bytes) const;

  // The mapping of bytes [index * MappingCache::kWindowSize, ...). Only where is_mapped().
  Result<std::shared_ptr<const Mapping>> window(std::uint64_t index) const;

  // Reads exactly `size` bytes at `offset`, however often the system interrupts or shortens it. kTruncated at the end
  // of the file.
  Result<void> read_exactly(std::byte* out, std::size_t size, std::uint64_t offset) const;

  // Returns when what anybody has written into the file is on stable storage.
  Result<void> sync() const { return sync_data(fd(), path_); }

  // Has the system fetch a range into the page cache, without waiting for it.
  void will_need(Extent range) const;

  // For messages: the path beneath the source.
  const std::string& path() const { return path_; }

 private:
  SourceFile(UniqueFd fd, const struct stat& status, std::string path, SourceIo io,
             std::shared_ptr<MappingCache> mappings, SourceRole role);
  Result<NpyHeader> parse_header(std::vector<std::byte>& bytes) const;
  Result<void> check_unchanged_since_opened() const;

  const UniqueFd fd_;
  const struct stat status_;
  const std::string path_;
  const SourceRole role_;
  const SourceIo io_;  // kMmap or kPread
  const std::uint64_t id_;
  const std::shared_ptr<MappingCache> mappings_;
  std::vector<std::byte> header_bytes_;
  Result<NpyHeader> header_;
  Result<void> sliceable_;
  mutable std::atomic<bool> has_racy_header_ = true;
};

}  // namespace npyfs
