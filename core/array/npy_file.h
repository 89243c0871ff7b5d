// A .npy file as an array.
#pragma once

#include <memory>
#include <string>

#include "core/array/array.h"
#include "core/array/header_guard.h"
#include "core/base/error.h"
#include "core/npy/npy_header.h"
#include "core/paths/file_version.h"
#include "core/paths/source_root.h"
#include "core/source/source_file.h"

namespace npyfs {

// Whether the rows of an array are written through this mount: its timestamps then move with every row, and tell nothing
// of its header.
enum class WrittenHere { kNo, kYes };

// Immutable and thread-safe. A file without a good header opens all the same, and says why it is no array.
class NpyFile {
 public:
  // Opens `path` and reads its header. kStale if the file changes meanwhile; otherwise errors as SourceFile::open().
  static Result<std::shared_ptr<const NpyFile>> open(const SourceRoot& root, const std::string& path, SourceIo io,
                                                     std::shared_ptr<MappingCache> mappings, WrittenHere written_here);

  const std::shared_ptr<const SourceFile>& file() const { return file_; }
  const std::shared_ptr<const HeaderGuard>& guard() const { return guard_; }

  // The header, or why there is none.
  const Result<NpyHeader>& header() const { return header_; }
  // Whether the header could not be read, so that nobody knows whether there is one.
  bool is_unreadable() const { return !header_ && header_.error().kind == ErrorKind::kSystem; }

  // The array, or why no slice of it can be served: no header, no dimensions, objects, items of no size, fewer data than
  // the header promises.
  const Result<std::shared_ptr<const Array>>& array() const { return array_; }

  // With the header's hash, and without the times if the array is written through this mount.
  FileVersion version() const;
  // Whether a file with this status is the one that was opened, in the same state as far as its status tells.
  bool is_version_of(const struct stat& status) const;

 private:
  NpyFile(std::shared_ptr<const SourceFile> file, std::shared_ptr<const HeaderGuard> guard, Result<NpyHeader> header,
          WrittenHere written_here);
  Result<void> check_unchanged() const;

  const std::shared_ptr<const SourceFile> file_;
  const std::shared_ptr<const HeaderGuard> guard_;
  const Result<NpyHeader> header_;
  const WrittenHere written_here_;
  const Result<std::shared_ptr<const Array>> array_;
};

}  // namespace npyfs
