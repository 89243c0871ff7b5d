// What opening a view for writing adds to it.
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

// One open of one view for writing: descriptors, a share in the lock on its rows, a counter. Thread-safe.
class OpenForWriting {
 public:
  struct Wanted {
    NodeId view = 0;  // by which the kernel knows it
    const VirtualPath& path;
    const ArrayState& array;
    Opening opening = Opening::kForWriting;
    pid_t process = 0;  // that opens it; 0 if it is in a namespace of processes that is not ours
  };

  // Opens the sources of a view. Errors as content_for_writing(), RangeLocks::lock() and SourceWriter::open().
  static Result<std::unique_ptr<const OpenForWriting>> open(const SourceRoot& root, const Wanted& wanted,
                                                            RangeLocks& locks, WrittenBytes& written);

  // ViewWriter::write(), and counts the bytes of the body. kInvalidArgument if the file was truncated and bytes before
  // `offset` have been left out since: the writer expects zeros there, as cp does when it copies a sparse file. Pages
  // that were mapped (`is_page`) come in any order.
  Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes, bool is_page) const;

  // The file was opened with O_TRUNC, which leaves its rows as they are.
  void note_truncation() const { written_until_ = 0; }

  // kInvalidArgument if the file was truncated and not all of it was written since. To be asked when its size is set to
  // what it is: that is how a writer who skips zeros ends, and it expects them to be there.
  Result<void> check_complete() const;

  // What a close by `process` has to report of that: kInvalidArgument if only a part of the file was written, and who
  // closes it ought to have written all. That is not so if nothing was written; if the writer knows already, by a write
  // that failed; if it may map the file and go on; and if it is not the process that opened the file: processes that
  // write one after another (`{ cat a; cat b; } > view`) each close a copy of its descriptor.
  Result<void> check_at_close(pid_t process) const;

  pid_t process() const { return process_; }

  // Of two that are open the younger one has the larger number.
  std::uint64_t serial() const { return serial_; }

  // How its writes reach npyfs.
  WritePath path() const { return share_.path(); }

  // See ViewWriter.
  Result<void> sync() const { return writer_->sync(); }
  Result<void> flush() const { return writer_->flush(); }

  // The error of a file that was truncated and then written in part alone; nullopt otherwise.
  std::optional<Error> what_was_left_out() const;

 private:
  OpenForWriting(std::unique_ptr<const ViewWriter> writer, RangeLocks::Share share,
                 std::shared_ptr<WrittenBytes::Counter> written, Opening opening, pid_t process);
  Error in_context(Error error, std::uint64_t offset, std::size_t size) const;
  Error left_out() const;
  Result<void> write_bytes(std::uint64_t offset, std::span<const std::byte> bytes, bool is_page) const;
  void note_written_until(std::uint64_t end) const;

  const std::unique_ptr<const ViewWriter> writer_;
  const RangeLocks::Share share_;
  const std::shared_ptr<WrittenBytes::Counter> written_;
  const Opening opening_;
  const pid_t process_;
  const std::uint64_t serial_;
  // How far it was written without a gap since it was truncated, in bytes; kNotTruncated if it was not.
  static constexpr std::uint64_t kNotTruncated = ~std::uint64_t{0};
  mutable std::atomic<std::uint64_t> written_until_ = kNotTruncated;
  mutable std::atomic<bool> has_failed_ = false;  // a write that was no page
};

// The path of a view in the mount, by which WrittenBytes knows it. `source` is the path of its source.
std::string path_in_mount(const std::string& source, const VirtualPath& path, const ArrayState& array);

}  // namespace npyfs
