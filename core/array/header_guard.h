// The bytes of a file that say what its other bytes mean, as they were read: a .npy header.
//
// A source may be rewritten in place while it is open. Whoever serves its rows has to know that its header still says
// what they are, or rows of one array would be served as those of another.
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
  // `bytes` were read from `offset` on; `header` is what they say, if they are a header. `is_racy`: the file's version
  // may be older than these bytes (see is_racy()).
  HeaderGuard(std::shared_ptr<const SourceFile> file, std::uint64_t offset, std::vector<std::byte> bytes,
              const NpyHeader* header, bool is_racy);

  const SourceFile& file() const { return *file_; }
  std::span<const std::byte> bytes() const { return bytes_; }
  std::uint64_t hash() const;

  // Whether the header may be older than the version of the file.
  bool is_racy() const { return is_racy_.load(std::memory_order_relaxed); }

  // Reads the header again. kStale if it is another one now.
  Result<void> check() const;

  // The same before bytes of the array are served. Reads the header only if `now`, the status of the file, differs from
  // when it was opened, or was racy then. No error if the array has only grown: see is_extension_of().
  Result<void> check(const struct stat& now, Extent bytes) const;

 private:
  const std::shared_ptr<const SourceFile> file_;
  const std::uint64_t offset_;
  const std::vector<std::byte> bytes_;
  const std::unique_ptr<const NpyHeader> header_;  // null if the bytes are no header
  mutable std::atomic<bool> is_racy_;
};

// Reads and parses the header of a .npy file that lies at `npy` of `file`. `bytes` gets what
// was read, whether or not it is a header. data_offset counts from there. Errors as npy_header_size() and
// parse_npy_header(), whose `file_name` is `name`; kSystem if the file cannot be read.
Result<NpyHeader> read_npy_header(const SourceFile& file, Extent npy, const std::string& name,
                                  std::vector<std::byte>& bytes);

}  // namespace npyfs
