// All chunks of one array as files of their own: npyfs --export.
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
  // The array in the file `path`, in `sections` chunks (at least 1) along `axis`. Errors as those of NpyFile::open() and
  // NpyFile::array(); kInvalidArgument where the array has no such axis.
  static Result<ChunkExport> open(const std::string& path, std::uint64_t axis, std::uint64_t sections);

  // Bytes of all bodies together.
  std::uint64_t size() const { return data_size(*source_->header()); }

  // Makes the directory `out` with the files that a mount shows in chunks/SECTIONS/, to the byte and by the same names.
  // It appears when all are complete and on stable storage; nothing is overwritten. Where this fails, or `copied` says
  // stop (kSystem with EINTR), nothing is left of it. kStale where the source was changed meanwhile.
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
