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
#include "core/base/extent.h"
#include "core/base/mutex.h"
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

  // ViewWriter::write(), and counts the bytes of the body. Who has emptied the file through this open file alone, and
  // then begins with a complete header that says the same in another number of bytes, has his body behind that one: for
  // as long as it is open, offsets count from there.
  Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes) const;

  // The file was opened with O_TRUNC: what nobody writes from now on becomes zeros (see UnwrittenBytes).
  void note_truncation() const;

  // Whether the file may be emptied without being opened anew. Not where it may be mapped: mapped pages would bring old
  // rows back, and the kernel drops them only when the file is opened.
  bool may_be_emptied() const { return opening_ == Opening::kForWriting && path() == WritePath::kDirect; }

  // Writes the zeros that a truncation has promised. To be called before anybody reads the view, and before its lock
  // ends.
  Result<void> fill_with_zeros() const;
  // The same for these bytes of the view alone.
  Result<void> fill_with_zeros(Extent wanted) const;

  pid_t process() const { return process_; }

  // Increases with each open.
  std::uint64_t serial() const { return serial_; }

  // How its writes reach npyfs: see RangeLocks::lock().
  WritePath path() const { return share_.path(); }

  // ViewWriter::sync() and ViewWriter::flush(), once all zeros are written. flush() repeats the error of a header that
  // was refused (kInvalidArgument), for writers that look at the result of close() alone.
  Result<void> sync() const;
  Result<void> flush() const;

 private:
  OpenForWriting(std::unique_ptr<const ViewWriter> writer, RangeLocks::Share share,
                 std::shared_ptr<WrittenBytes::Counter> written, Opening opening, pid_t process);
  Error in_context(Error error, std::uint64_t offset, std::size_t size) const;
  Result<void> write_zeros(Extent extent) const;
  Result<void> write_here(std::uint64_t offset, std::span<const std::byte> bytes) const;
  Result<void> write_behind_other_header(std::uint64_t offset, std::span<const std::byte> bytes) const;
  void note_header(std::uint64_t offset, std::size_t size, const Result<void>& written) const;

  const std::unique_ptr<const ViewWriter> writer_;
  const RangeLocks::Share share_;
  const std::shared_ptr<WrittenBytes::Counter> written_;
  const Opening opening_;
  const pid_t process_;
  const std::uint64_t serial_;
  // The size of the other header that was written, in bytes; 0 if none was.
  mutable std::atomic<std::uint64_t> other_header_ = 0;
  mutable std::atomic<bool> may_have_other_header_ = false;  // emptied, and nothing written since
  mutable Mutex mutex_;                                      // a leaf: no other lock is taken while it is held
  mutable std::optional<Error> refused_header_ GUARDED_BY(mutex_);
};

// The path of a view in the mount, which is its key in WrittenBytes. `source` is the path of its source.
std::string path_in_mount(const std::string& source, const VirtualPath& path, const ArrayState& array);

}  // namespace npyfs
