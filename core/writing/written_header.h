// The header that a writer writes at the start of a view, which may be shorter or longer than the view's own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/base/error.h"
#include "core/base/mutex.h"
#include "core/io/view_writer.h"

namespace npyfs {

// What one open file has written into the header of its view. Thread-safe.
//
// A header that says the same in another number of bytes, written from its first byte to its last, whole or in pieces,
// is taken: offsets then count from its end. A writer that did not begin with an empty file may skip what it believes
// to be there already (rsync --inplace), so its writes must follow one another up to the end.
//
// Behind a header that was refused nothing is taken until a right one is written: the body would be that of another
// array.
class WrittenHeader {
 public:
  // `writer` must outlive it. `may_be_another`: a header of another size may be taken. It may not where the file may be
  // mapped: mapped pages have the view's own header in front.
  WrittenHeader(const ViewWriter& writer, bool may_be_another);

  // Bytes that are to be written at `offset` of the view; none, if the writer has written a header and nothing else.
  struct Part {
    std::uint64_t offset = 0;
    std::span<const std::byte> bytes = {};
  };
  // Where bytes belong that were written at `offset` as the writer counts. Errors as ViewWriter::check().
  Result<Part> place(std::uint64_t offset, std::span<const std::byte> bytes) EXCLUDES(mutex_);

  // The view was emptied: another header may follow.
  void note_truncation() EXCLUDES(mutex_);

  // The size of the file as the writer counts, if that is another one than the view's.
  std::optional<std::uint64_t> other_file_size() const EXCLUDES(mutex_);

  // Whether a write has failed with kInvalidArgument, and no right header was written since.
  bool is_refused() const EXCLUDES(mutex_);

  // What close() has to report: kInvalidArgument if a header was refused, or is not complete, or if the body behind
  // another header is not complete in a file that was not emptied.
  Result<void> check_complete() const EXCLUDES(mutex_);

 private:
  enum class State {
    kExpected,  // nothing is written but the bytes of a header that are in text_
    kItsOwn,    // the view's own header counts
    kOther,     // text_ is a header of another size
  };
  Result<Part> place_expected(std::uint64_t offset, std::span<const std::byte> bytes) REQUIRES(mutex_);
  Result<Part> place_own(std::uint64_t offset, std::span<const std::byte> bytes) REQUIRES(mutex_);
  Result<Part> place_other(std::uint64_t offset, std::span<const std::byte> bytes) REQUIRES(mutex_);
  Result<Part> place_body(std::uint64_t offset, std::span<const std::byte> bytes) REQUIRES(mutex_);
  bool rewrites_other(std::uint64_t offset, std::span<const std::byte> bytes) const REQUIRES(mutex_);
  bool is_part_of_own() const REQUIRES(mutex_);
  Error begun_error() const REQUIRES(mutex_);
  Error error(std::string sentence) const;
  std::uint64_t own_size() const { return writer_.view().header.size(); }

  const ViewWriter& writer_;
  const bool may_be_another_;
  mutable Mutex mutex_;  // a leaf: no other lock is taken while it is held
  State state_ GUARDED_BY(mutex_);
  bool is_emptied_ GUARDED_BY(mutex_) = false;
  std::string text_ GUARDED_BY(mutex_);
  std::uint64_t next_ GUARDED_BY(mutex_) = 0;  // where the last write has ended, as the writer counts
  std::optional<Error> refused_ GUARDED_BY(mutex_);
};

}  // namespace npyfs
