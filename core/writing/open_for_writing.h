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
#include "core/paths/source_root.h"
#include "core/source/source_writer.h"
#include "core/writing/range_locks.h"
#include "core/writing/written_bytes.h"

namespace npyfs {

// One open of one view for writing: a descriptor, a share in the claim on its rows, a counter. Thread-safe.
class Writing {
 public:
  // Opens the source of `content`, which is what content_for_writing() has for `place`, on behalf of `process`. `view`
  // names it to the kernel. Errors as SourceWriter::open() and Claims::claim().
  static Result<std::unique_ptr<const Writing>> open(const SourceRoot& root, NodeId view, const Place& place,
                                                     const FileContent& content, Opening opening, pid_t process,
                                                     Claims& claims, WrittenBytes& written);

  // scatter(), and counts the bytes of the body. `view` is that of `content`. kInvalidArgument where the file was
  // truncated, and bytes before `offset` have been left out since: the writer counts on zeros there, as cp does where
  // it copies a sparse file. Pages that were mapped (`is_page`) come in any order.
  Result<void> write(const View& view, std::uint64_t offset, std::span<const std::byte> bytes, bool is_page) const;

  // The file was opened with O_TRUNC, which means nothing to its rows.
  void note_truncation() const { written_until_ = 0; }

  // kInvalidArgument where the file, of `size` bytes, was truncated and not all of it was written since: to be asked
  // where its size is set to what it is. That is how a writer who skips zeros ends, and counts on them being there.
  Result<void> check_complete(std::uint64_t size) const;

  // What a close by `process` is to report of that: kInvalidArgument where a part of the file was written alone, and
  // whoever closes it ought to have written all. Not so where it writes nothing; where it was told already, by a write
  // that failed; where it may map the file and go on; and where it is not the one who opened the file: processes
  // that write one after another (`{ cat a; cat b; } > view`) each close a copy of its descriptor.
  Result<void> check_at_close(std::uint64_t size, pid_t process) const;

  pid_t process() const { return process_; }

  // Of two that are open the younger one has the larger number.
  std::uint64_t serial() const { return serial_; }

  // What its writes go through.
  WritePath path() const { return claim_.path(); }

  // See SourceWriter.
  Result<void> sync() const { return writer_->sync(); }
  Result<void> flush() const { return writer_->flush(); }

  // Says so where the file, of `size` bytes, was truncated and then written in part alone: the rest is what it was.
  std::optional<Error> what_was_left_out(std::uint64_t size) const;

 private:
  Error in_context(Error error, std::uint64_t offset, std::size_t size) const;
  Error left_out(std::uint64_t size) const;
  Result<void> write_bytes(const View& view, std::uint64_t offset, std::span<const std::byte> bytes,
                           bool is_page) const;
  void note_written_until(std::uint64_t end) const;

  Writing(std::unique_ptr<const SourceWriter> writer, Claims::Ticket claim,
          std::shared_ptr<WrittenBytes::Counter> written, Opening opening, pid_t process, std::string description);

  const std::unique_ptr<const SourceWriter> writer_;
  const Claims::Ticket claim_;
  const std::shared_ptr<WrittenBytes::Counter> written_;
  const Opening opening_;
  const pid_t process_;  // 0 where it is in a namespace of processes that is not ours
  const std::uint64_t serial_;
  const std::string description_;
  // How far it was written without a gap since it was truncated, in bytes; kNotTruncated where it was not.
  static constexpr std::uint64_t kNotTruncated = ~std::uint64_t{0};
  mutable std::atomic<std::uint64_t> written_until_ = kNotTruncated;
  mutable std::atomic<bool> has_failed_ = false;  // a write that was no page
};

// The path of a view in the mount, by which WrittenBytes knows it. `source` is the path of its source.
std::string path_in_mount(const std::string& source, const Place& place);

}  // namespace npyfs
