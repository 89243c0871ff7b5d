// A view that is open for writing: the writer, the lock on its rows, the counter of its bytes.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "core/array/array_directory.h"
#include "core/base/error.h"
#include "core/io/view_writer.h"
#include "core/paths/source_root.h"
#include "core/writing/range_locks.h"
#include "core/writing/written_bytes.h"

namespace npyfs {

// One open of one view for writing. Thread-safe.
class OpenForWriting {
 public:
  struct Wanted {
    NodeId view = 0;  // the view's node
    const VirtualPath& path;
    const ArrayState& array;
    Opening opening = Opening::kForWriting;
    pid_t process = 0;  // the opener; 0 if its PID namespace is not visible to us
  };

  // Opens the sources of a view. Errors as content_for_writing(), RangeLocks::lock() and SourceWriter::open().
  static Result<std::unique_ptr<const OpenForWriting>> open(const SourceRoot& root, const Wanted& wanted,
                                                            RangeLocks& locks, WrittenBytes& written);

  // ViewWriter::write(); also counts the bytes of the body. kInvalidArgument if the file was truncated and bytes before
  // `offset` were not written since: the writer expects zeros there, as cp does when it copies a sparse file. Does not
  // apply to `is_write_back`: bytes that were stored into a mapping, whose pages arrive in any order.
  Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes, bool is_write_back) const;

  // The file was opened with O_TRUNC. Its rows keep their bytes; from now on gaps are errors.
  void note_truncation() const { written_until_ = 0; }

  // kInvalidArgument if the file was truncated and not all of it was written since. To be called when the file's size
  // is set to the size that it has: a writer that skips zeros ends with that call, and expects the zeros to be there.
  Result<void> check_complete() const;

  // The error that a close(2) by `process` must report: check_complete(), but only if the process that opened the file
  // has written a part of it and cannot write more. No error if nothing was written; if a write has failed, so that the
  // writer knows; if the file can be mapped for writing, since writes may follow; and if `process` is not the one that
  // opened the file: processes that write one after another (`{ cat a; cat b; } > view`) each close a copy of the
  // descriptor.
  Result<void> check_at_close(pid_t process) const;

  pid_t process() const { return process_; }

  // Increases with each open.
  std::uint64_t serial() const { return serial_; }

  // How its writes reach npyfs: see RangeLocks::lock().
  WritePath path() const { return share_.path(); }

  // See ViewWriter.
  Result<void> sync() const { return writer_->sync(); }
  Result<void> flush() const { return writer_->flush(); }

  // The error for a file that was truncated and then written only in part; nullopt otherwise.
  std::optional<Error> what_was_left_out() const;

 private:
  OpenForWriting(std::unique_ptr<const ViewWriter> writer, RangeLocks::Share share,
                 std::shared_ptr<WrittenBytes::Counter> written, Opening opening, pid_t process);
  Error in_context(Error error, std::uint64_t offset, std::size_t size) const;
  Error left_out() const;
  Result<void> write_bytes(std::uint64_t offset, std::span<const std::byte> bytes, bool is_write_back) const;
  void note_written_until(std::uint64_t end) const;

  const std::unique_ptr<const ViewWriter> writer_;
  const RangeLocks::Share share_;
  const std::shared_ptr<WrittenBytes::Counter> written_;
  const Opening opening_;
  const pid_t process_;
  const std::uint64_t serial_;
  // The end of what was written without a gap since the truncation, in bytes; kNotTruncated if there was none.
  static constexpr std::uint64_t kNotTruncated = ~std::uint64_t{0};
  mutable std::atomic<std::uint64_t> written_until_ = kNotTruncated;
  mutable std::atomic<bool> has_failed_ = false;  // a write has failed that was not a write-back
};

// The path of a view in the mount, which is its key in WrittenBytes. `source` is the path of its source.
std::string path_in_mount(const std::string& source, const VirtualPath& path, const ArrayState& array);

}  // namespace npyfs
