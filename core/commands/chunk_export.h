// npyfs --export: writes all chunks of one array as files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/array/npy_file.h"
#include "core/base/error.h"
#include "core/io/copy_view.h"

namespace npyfs {

class ChunkExport {
 public:
  // The array in the file `path`, in `sections` chunks (at least 1) along `axis`. Errors as NpyFile::open() and
  // NpyFile::array(); kInvalidArgument if the array has no such axis.
  static Result<ChunkExport> open(const std::string& path, std::uint64_t axis, std::uint64_t sections);

  // The total size of all bodies, in bytes.
  std::uint64_t size() const { return data_size(*source_->header()); }

  // Creates the directory `out` with the files of chunks/SECTIONS/ of a mount: the same names and the same bytes. The
  // directory appears when all files are complete and on stable storage; nothing is overwritten. After an error nothing
  // is left of it. kStale if the source was changed meanwhile; kSystem with EINTR if `copied` returned false.
  Result<void> write(const std::string& out, const Copied& copied) const;

 private:
  ChunkExport(std::shared_ptr<const NpyFile> source, std::uint8_t axis, std::uint64_t sections)
      : source_(std::move(source)), axis_(axis), sections_(sections) {}
  Result<void> write_chunk(std::uint64_t index, const std::string& directory, const Copied& copied) const;
  Result<void> check_unchanged() const;

  std::shared_ptr<const NpyFile> source_;
  std::uint8_t axis_;
  std::uint64_t sections_;
};

}  // namespace npyfs
