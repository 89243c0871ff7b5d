// What opening a view for writing adds to it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/array_directory.h"
#include "core/claims.h"
#include "core/error.h"
#include "core/source_root.h"
#include "core/source_writer.h"
#include "core/written_bytes.h"

namespace npyfs {

// One open of one view for writing: a descriptor, a share in the claim on its rows, a counter. Thread-safe.
class Writing {
 public:
  // Opens the source of `content`, which is what content_for_writing() has for `place`, on behalf of `process`. `view`
  // names it to the kernel. Errors as SourceWriter::open() and Claims::claim().
  static Result<std::unique_ptr<const Writing>> open(const SourceRoot& root, NodeId view, const Place& place,
                                                     const FileContent& content, pid_t process, Claims& claims,
                                                     WrittenBytes& written);

  // scatter(), and counts the bytes of the body. `view` is that of `content`.
  Result<void> write(const View& view, std::uint64_t offset, std::span<const std::byte> bytes) const;

  // See SourceWriter.
  Result<void> sync() const { return writer_->sync(); }

 private:
  Error in_context(Error error, std::uint64_t offset, std::size_t size) const;

  Writing(std::unique_ptr<const SourceWriter> writer, Claims::Ticket claim,
          std::shared_ptr<WrittenBytes::Counter> written, std::string description);

  const std::unique_ptr<const SourceWriter> writer_;
  const Claims::Ticket claim_;
  const std::shared_ptr<WrittenBytes::Counter> written_;
  const std::string description_;
};

// The path of a view in the mount, by which WrittenBytes knows it. `source` is the path of its source.
std::string path_in_mount(const std::string& source, const Place& place);

}  // namespace npyfs
