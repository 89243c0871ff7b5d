// The bytes of an open file for minizip, which reads an archive by single bytes.
#pragma once

#include <ioapi.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/base/error.h"
#include "core/source/source_file.h"

namespace npyfs {

// A position in the file, and a block of the bytes around it. minizip keeps its address. Not thread-safe.
class ZipStream {
 public:
  explicit ZipStream(std::shared_ptr<const SourceFile> file);
  ZipStream(const ZipStream&) = delete;
  ZipStream& operator=(const ZipStream&) = delete;

  // The functions with which minizip reads this stream. They do not throw.
  zlib_filefunc64_def functions();

  // Reads in smaller blocks from now on: after the central directory was read, members are read here and there.
  void read_here_and_there();

  // Reads `bytes` at `offset`. False if the file has not all of them, or cannot be read: see error().
  bool read_at(std::uint64_t offset, std::span<std::byte> bytes) noexcept;

  const SourceFile& file() const { return *file_; }

  // The first failure of a read: kTruncated if the file has become shorter since it was opened, kSystem.
  const std::optional<Error>& error() const { return error_; }

 private:
  static voidpf open(voidpf opaque, const void* name, int mode);
  static uLong read(voidpf opaque, voidpf stream, void* to, uLong size);
  static uLong write(voidpf opaque, voidpf stream, const void* from, uLong size);
  static ZPOS64_T tell(voidpf opaque, voidpf stream);
  static long seek(voidpf opaque, voidpf stream, ZPOS64_T offset, int origin);
  static int close(voidpf opaque, voidpf stream);
  static int has_error(voidpf opaque, voidpf stream);

  bool fill() noexcept;

  const std::shared_ptr<const SourceFile> file_;
  std::uint64_t position_ = 0;
  std::uint64_t begin_ = 0;       // where in the file the block is
  std::size_t filled_ = 0;        // bytes of the block
  std::vector<std::byte> block_;  // its size is how much is read at a time
  std::optional<Error> error_;
};

}  // namespace npyfs
