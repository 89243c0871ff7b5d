// An .npz archive: a zip archive whose members are .npy files, and others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/array/npz_names.h"
#include "core/base/error.h"
#include "core/base/mutex.h"
#include "core/paths/source_root.h"
#include "core/source/source_file.h"
#include "core/zip/zip_reader.h"

namespace npyfs {

// Thread-safe. A file that is no archive, or a damaged one, can be opened, too: problem() then says what is wrong, and
// it has no names.
class NpzArchive {
 public:
  // Opens `path` and reads its central directory. kStale if the file changes meanwhile, also kTruncated; other errors
  // as SourceFile::open().
  static Result<std::shared_ptr<const NpzArchive>> open(const SourceRoot& root, const std::string& path, SourceIo io,
                                                        std::shared_ptr<MappingCache> mappings);

  const std::shared_ptr<const SourceFile>& file() const { return file_; }
  const std::optional<Error>& problem() const { return problem_; }
  const NpzNames& names() const { return names_; }

  // Where the bytes of a member are. An error with the sentence why they cannot be served: kNotSliceable for a member
  // that is compressed or encrypted; kMalformed if it is damaged, or overlaps another; kNotFound without a member of
  // this name; kStale if the archive has been rewritten.
  Result<ZipBody> body(std::string_view name) const EXCLUDES(mutex_);

  // Differs between central directories.
  std::uint64_t hash() const { return hash_; }
  // Whether the central directory may have changed without a new version of the file: see npyfs::is_racy(). check()
  // reads it again: kStale if it has changed.
  bool is_racy() const { return is_racy_; }
  Result<void> check() const;

 private:
  NpzArchive(std::shared_ptr<const SourceFile> file, bool is_racy) : file_(std::move(file)), is_racy_(is_racy) {}
  Result<void> read();
  // Of the central directory and the end of the archive, which says how many members count.
  Result<std::uint64_t> hash_of_directory() const;
  Result<void> check_alone(const ZipMember& member, const ZipBody& body) const;

  const std::shared_ptr<const SourceFile> file_;
  const bool is_racy_;
  std::optional<Error> problem_;
  NpzNames names_;
  std::vector<std::uint64_t> begins_;  // of the local headers, sorted
  Extent directory_;
  std::uint64_t hash_ = 0;
  mutable Mutex mutex_;  // No other lock is taken while it is held.
  std::unique_ptr<ZipReader> reader_ PT_GUARDED_BY(mutex_);
};

}  // namespace npyfs
