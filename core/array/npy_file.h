// A .npy file, or a member of an .npz archive, as an array.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/array/array.h"
#include "core/array/header_guard.h"
#include "core/base/error.h"
#include "core/npy/npy_header.h"
#include "core/paths/file_version.h"
#include "core/paths/source_root.h"
#include "core/source/source_file.h"

namespace npyfs {

// Whether the rows of an array may be written through this mount. Its timestamps then change with every write, so they
// say nothing about its header.
enum class WrittenHere { kNo, kYes };

class NpzArchive;

// Immutable and thread-safe. A file without a valid header can be opened, too: array() then says what is wrong.
class NpyFile {
 public:
  // Opens `path` and reads its header. kStale if the file changes meanwhile; other errors as SourceFile::open().
  static Result<std::shared_ptr<const NpyFile>> open(const SourceRoot& root, const std::string& path, SourceIo io,
                                                     std::shared_ptr<MappingCache> mappings, WrittenHere written_here);

  // The same for a member of an archive, which is opened already. A member whose bytes are not in the archive as they
  // are has no header either: header() says why. kStale if the archive has changed; kSystem if it cannot be read.
  static Result<std::shared_ptr<const NpyFile>> open_member(const NpzArchive& archive, const std::string& name);

  // The file; of a member, the archive.
  const std::shared_ptr<const SourceFile>& file() const { return file_; }
  // Where in file() the bytes of the .npy file are; all of it, unless it is a member. nullopt if they are not in it.
  const std::optional<Extent>& extent() const { return extent_; }
  const std::shared_ptr<const HeaderGuard>& guard() const { return guard_; }

  // The header, or why there is no valid one.
  const Result<NpyHeader>& header() const { return header_; }
  // Whether reading the header failed, so that it is unknown whether there is one.
  bool is_unreadable() const { return !header_ && header_.error().kind == ErrorKind::kSystem; }

  // The array, or why no slice of it can be served: no valid header, no dimensions, Python objects, items of size 0,
  // less data than the header says.
  const Result<std::shared_ptr<const Array>>& array() const { return array_; }

  // Includes the header's hash; leaves out the timestamps with WrittenHere::kYes.
  const FileVersion& version() const { return version_; }
  // Whether this is the status of the opened file, unchanged as far as a status can tell.
  bool is_version_of(const struct stat& status) const;

 private:
  NpyFile(std::shared_ptr<const SourceFile> file, std::optional<Extent> extent, const std::string& name,
          std::shared_ptr<const HeaderGuard> guard, Result<NpyHeader> header, WrittenHere written_here);
  Result<void> check_unchanged() const;

  const std::shared_ptr<const SourceFile> file_;
  const std::optional<Extent> extent_;
  const std::shared_ptr<const HeaderGuard> guard_;
  const Result<NpyHeader> header_;
  const WrittenHere written_here_;
  const FileVersion version_;
  const Result<std::shared_ptr<const Array>> array_;
};

}  // namespace npyfs
