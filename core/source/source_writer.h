// A source that is open for writing, by one opener of one view.
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

// Thread-safe. Each opener has a descriptor of its own, since the kernel reports a failed write-back once for each: a
// shared one would tell one of them and let the others believe that their bytes are on the disk.
class SourceWriter {
 public:
  // Opens `source` for writing. `root` must outlive it. kStale where another file has taken its name since it was
  // opened; kSystem where the source's permissions or its filesystem do not allow it.
  static Result<std::unique_ptr<const SourceWriter>> open(const SourceRoot& root,
                                                          std::shared_ptr<const SourceFile> source);

  // Whether the file is still the array that was opened. kTruncated where it has become shorter: writing would make it
  // longer again. kStale where it was removed or replaced, so that nobody would find the bytes, and where its header
  // was rewritten.
  Result<void> check_unchanged() const;

  // Writes exactly these bytes, however often the system interrupts or shortens it. After an error some of them may
  // have been written.
  Result<void> write_exactly(std::span<const std::byte> bytes, std::uint64_t offset) const;

  // Returns when all that was written is on stable storage. Reports what has gone wrong with it since it was opened.
  // kStale where its name leads to another file by now, so that others look for the bytes in vain.
  Result<void> sync() const;

  // What the filesystem has to say when a descriptor is closed: some say there, for the first time, that they could not
  // take what was written (NFS, quotas). kStale as sync().
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
