// Writes into a view: the opposite of gather().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/array/view.h"
#include "core/base/error.h"
#include "core/paths/source_root.h"
#include "core/source/source_writer.h"

namespace npyfs {

// A view that is open for writing. Its size and header are fixed; bytes of its body are written to their places in the
// source files, and nothing else is. Thread-safe.
class ViewWriter {
 public:
  // Opens the files of `view` for writing; each opener has descriptors of its own (see SourceWriter). `description` is
  // what sentences call the view: "chunk 3 of 16"; `twin` is the file that has its body alone: "chunks/3_of_16.bin".
  // `root` must outlive it. Errors as SourceWriter::open().
  static Result<std::unique_ptr<const ViewWriter>> open(const SourceRoot& root, View view, std::string description,
                                                        std::string twin);

  // Whether these bytes may be written at `offset` of the view: kBeyondEnd if a byte lies behind the view's end,
  // kInvalidArgument if a byte of the header is not the one that is there (the sentence compares both headers if the
  // written one is complete). A complete header of the same size that says the same in other words is taken, and
  // changes nothing.
  Result<void> check(std::uint64_t offset, std::span<const std::byte> bytes) const;

  // Why `written`, bytes from the view's start on, may not be written there. They are not the view's own header.
  Error header_error(std::span<const std::byte> written) const;

  // The size of the header that `bytes` begin with, if it is complete and says what the view's header says; 0
  // otherwise.
  std::uint64_t size_of_same_header(std::span<const std::byte> bytes) const;

  // Writes bytes [offset, offset + bytes.size()) of the view. Everything is checked before anything is written: errors
  // as check(), kTruncated and kStale if a source that these bytes are in is no longer what was opened. kSystem if the
  // source cannot be written; some bytes may be, then.
  Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes) const;

  // Returns when everything is on stable storage; see SourceWriter::sync(). Of several sources, all are synced and
  // flushed, and the first error is returned.
  Result<void> sync() const;
  // Reports errors that the filesystem returns only at close(2); see SourceWriter::flush().
  Result<void> flush() const;

  const View& view() const { return view_; }
  const std::string& description() const { return description_; }
  // The path of the source, or of the first one of several, for messages. "" if the view has no bytes of any.
  std::string path() const { return writers_.empty() ? "" : writers_.front()->source().path(); }

 private:
  ViewWriter(View view, std::vector<std::unique_ptr<const SourceWriter>> writers, std::string description,
             std::string twin)
      : view_(std::move(view)),
        writers_(std::move(writers)),
        description_(std::move(description)),
        twin_(std::move(twin)) {}
  Result<void> check_header(std::uint64_t offset, std::span<const std::byte> bytes) const;
  Result<void> check_unchanged(const Segment& segment) const;
  Result<void> check_unchanged(std::uint64_t offset, std::uint64_t size) const;
  const SourceWriter& writer_of(const Segment& segment) const;

  const View view_;
  const std::vector<std::unique_ptr<const SourceWriter>> writers_;  // one for each segment
  const std::string description_;
  const std::string twin_;
};

}  // namespace npyfs
