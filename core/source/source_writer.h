// A source file that is open for writing, for one opener of one view.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/base/error.h"
#include "core/base/unique_fd.h"
#include "core/paths/source_root.h"
#include "core/source/source_file.h"

namespace npyfs {

// Thread-safe. Each opener has its own descriptor, because the kernel reports a failed write-back once for each
// descriptor: if openers shared one, only one of them would get the error, and the others would believe that their
// bytes are on the disk.
class SourceWriter {
 public:
  // Opens `source` for writing. `root` must outlive the writer. kStale if another file has taken its name since it was
  // opened; kSystem if its permissions or its filesystem do not allow writing.
  static Result<std::unique_ptr<const SourceWriter>> open(const SourceRoot& root,
                                                          std::shared_ptr<const SourceFile> source);

  // kTruncated if the file has become shorter than it was when it was opened: writing would make it longer again.
  // kStale if it was removed or replaced: nobody would find the bytes. Whether its header is still the same is for
  // HeaderGuard to check.
  Result<void> check_unchanged() const;

  // Writes all of these bytes; repeats pwrite(2) after EINTR and after a short write. After an error some bytes may
  // have been written.
  Result<void> write_exactly(std::span<const std::byte> bytes, std::uint64_t offset) const;

  // Returns when all that was written is on stable storage: see sync_data(). kStale if the file's name leads to another
  // file by now: nobody would find the bytes.
  Result<void> sync() const;

  // Reports errors of close(2): some filesystems report there, for the first time, that they could not store what was
  // written (NFS, quotas). kStale as sync().
  Result<void> flush() const;

  const SourceFile& source() const { return *source_; }

 private:
  SourceWriter(const SourceRoot& root, UniqueFd fd, std::shared_ptr<const SourceFile> source);
  Result<void> check_still_named() const;

  const SourceRoot& root_;
  const UniqueFd fd_;
  const std::shared_ptr<const SourceFile> source_;
};

}  // namespace npyfs
