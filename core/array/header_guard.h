// The header of a source as it was read, to be compared with the file later.
//
// A source may be rewritten in place while it is open. Before its rows are served, the header must be checked, or rows
// of one array would be served as rows of another.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/base/extent.h"
#include "core/npy/npy_header.h"
#include "core/source/source_file.h"

namespace npyfs {

// Thread-safe.
class HeaderGuard {
 public:
  // `bytes` were read at `offset`; `header` is the parsed header, null if they are not a valid one. `is_racy`: whether
  // the file's timestamps were racy when they were read (see npyfs::is_racy()).
  HeaderGuard(std::shared_ptr<const SourceFile> file, std::uint64_t offset, std::vector<std::byte> bytes,
              const NpyHeader* header, bool is_racy);

  const SourceFile& file() const { return *file_; }
  std::span<const std::byte> bytes() const { return bytes_; }
  std::uint64_t hash() const;

  // Whether a change of the header may leave the version of the file as it is: see npyfs::is_racy().
  bool is_racy() const { return is_racy_.load(std::memory_order_relaxed); }

  // Reads the header again. kStale if it has changed.
  Result<void> check() const;

  // The same, for bytes of the array that are to be served. `now` is the status of the file. Reads the header only if
  // that is another version than when the file was opened, or is_racy(). No error if the array has only grown and
  // `bytes` lie behind the old header: see is_extension_of().
  Result<void> check(const struct stat& now, Extent bytes) const;

 private:
  const std::shared_ptr<const SourceFile> file_;
  const std::uint64_t offset_;
  const std::vector<std::byte> bytes_;
  const std::unique_ptr<const NpyHeader> header_;  // null if the bytes are not a valid header
  mutable std::atomic<bool> is_racy_;
};

// Reads and parses the header of the .npy file that is at `npy` in `file`. NpyHeader::data_offset counts from the start
// of `npy`. Sets `bytes` to what was read, also if it is not a valid header. Errors as npy_header_size() and
// parse_npy_header(), with `name` as their `file_name`; kSystem if the file cannot be read.
Result<NpyHeader> read_npy_header(const SourceFile& file, Extent npy, const std::string& name,
                                  std::vector<std::byte>& bytes);

}  // namespace npyfs
