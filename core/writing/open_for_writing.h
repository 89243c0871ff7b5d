// A view that is open for writing: the writer, the lock on its rows, the counter of its bytes.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/array/array_directory.h"
#include "core/base/error.h"
#include "core/base/extent.h"
#include "core/io/view_writer.h"
#include "core/paths/source_root.h"
#include "core/writing/range_locks.h"
#include "core/writing/written_bytes.h"
#include "core/writing/written_header.h"

namespace npyfs {

// A number for each open of a file of the mount; later opens have higher ones.
std::uint64_t next_open_serial();

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

  // ViewWriter::write(), and counts the bytes of the body. Where the file is open for writing alone, offsets count from
  // the end of the header that the writer has written: see WrittenHeader.
  Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes) const;

  // The file was opened with O_TRUNC: what nobody writes from now on becomes zeros (see UnwrittenBytes).
  void note_truncation() const;

  // Whether the file has this size already, as its writer counts.
  bool has_size(std::uint64_t size) const { return header_.other_file_size() == size; }

  // Whether the file may be emptied without being opened anew. Not where it may be mapped: mapped pages would bring old
  // rows back, and the kernel drops them only when the file is opened.
  bool may_be_emptied() const { return opening_ == Opening::kForWriting && path() == WritePath::kDirect; }

  // Writes the zeros that a truncation has promised. To be called before anybody reads the view, and before its lock
  // ends.
  Result<void> fill_with_zeros() const;
  // The same for these bytes of the view alone.
  Result<void> fill_with_zeros(Extent wanted) const;

  // `process` reads the view through the open file with this serial number. If the same process has emptied the view
  // since, by opening it for writing alone, and has written nothing yet, it gets the rows that were there: it is about
  // to save a mapped array over itself. What it then does not write is an error of sync() and flush(), and stays.
  void keep_rows_for(pid_t process, std::uint64_t serial) const;

  pid_t process() const { return process_; }

  // See next_open_serial().
  std::uint64_t serial() const { return serial_; }

  // How its writes reach npyfs: see RangeLocks::lock().
  WritePath path() const { return share_.path(); }

  // ViewWriter::sync() and ViewWriter::flush(), once all zeros are written. flush() repeats the error of a header that
  // was refused (see WrittenHeader::check_complete()), for writers that look at the result of close() alone.
  Result<void> sync() const;
  Result<void> flush() const;

  // Whether the error that flush() returns was returned by a write before.
  bool is_refused() const { return header_.is_refused(); }

 private:
  OpenForWriting(std::unique_ptr<const ViewWriter> writer, RangeLocks::Share share,
                 std::shared_ptr<WrittenBytes::Counter> written, Opening opening, pid_t process);
  Error in_context(Error error, std::uint64_t offset, std::size_t size) const;
  Result<void> write_zeros(Extent extent) const;
  Result<void> write_here(std::uint64_t offset, std::span<const std::byte> bytes) const;

  const std::unique_ptr<const ViewWriter> writer_;
  const RangeLocks::Share share_;
  const std::shared_ptr<WrittenBytes::Counter> written_;
  const Opening opening_;
  const pid_t process_;
  const std::uint64_t serial_;
  mutable WrittenHeader header_;
};

// The path of a view in the mount, which is its key in WrittenBytes. `source` is the path of its source.
std::string path_in_mount(const std::string& source, const VirtualPath& path, const ArrayState& array);

}  // namespace npyfs
