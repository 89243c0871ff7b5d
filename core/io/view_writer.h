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
  // Opens the files of `view` for writing; each opener has its own descriptors (see SourceWriter). `description` is the
  // name of the view in error sentences: "chunk 3 of 16". `root` must outlive the writer. Errors as
  // SourceWriter::open().
  static Result<std::unique_ptr<const ViewWriter>> open(const SourceRoot& root, View view, std::string description);

  // Writes bytes [offset, offset + bytes.size()) of the view. Everything is checked before anything is written:
  // kBeyondEnd if a byte is beyond the view's end, kInvalidArgument if a byte of the header differs from the view's
  // (the sentence compares both headers if the written one is complete), kTruncated and kStale as
  // SourceWriter::check_unchanged() and HeaderGuard::check(). kSystem if the source cannot be written; some bytes may
  // have been written then.
  Result<void> write(std::uint64_t offset, std::span<const std::byte> bytes) const;

  // Returns when everything is on stable storage; see SourceWriter::sync().
  Result<void> sync() const;
  // Reports errors that the filesystem returns only at close(2); see SourceWriter::flush().
  Result<void> flush() const;

  const View& view() const { return view_; }
  const std::string& description() const { return description_; }
  // The path of the source, or of the first one of several, for messages.
  const std::string& path() const { return writers_.front()->source().path(); }

 private:
  ViewWriter(View view, std::vector<std::unique_ptr<const SourceWriter>> writers, std::string description)
      : view_(std::move(view)), writers_(std::move(writers)), description_(std::move(description)) {}
  Result<void> check_header(std::uint64_t offset, std::span<const std::byte> bytes) const;
  Result<void> check_unchanged() const;

  const View view_;
  const std::vector<std::unique_ptr<const SourceWriter>> writers_;  // one for each segment
  const std::string description_;
};

}  // namespace npyfs
