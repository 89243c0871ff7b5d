// The members of a zip archive, read by minizip.
#pragma once

#include <unzip.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/base/error.h"
#include "core/base/extent.h"
#include "core/source/source_file.h"
#include "core/zip/zip_stream.h"

namespace npyfs {

// What the central directory says of a member.
struct ZipMember {
  std::string raw_name;  // its bytes in the archive
  bool is_utf8 = false;  // whether the name is marked as UTF-8; otherwise it is in code page 437
  bool is_encrypted = false;
  bool has_sizes_behind = false;    // behind the data, and not in the local header: of archives written to a pipe
  bool is_on_other_disk = false;    // in another part of a split archive
  unsigned method = 0;              // 0: stored
  std::uint32_t checksum = 0;       // CRC-32 of the unpacked bytes
  std::uint64_t size = 0;           // bytes, unpacked
  std::uint64_t packed_size = 0;    // bytes in the archive
  std::uint64_t position = 0;       // of its record, in the file: the argument of ZipReader::member()
  std::uint64_t header_offset = 0;  // of its local header, in the file

  // In UTF-8, unless it is marked as UTF-8 and is not. As Python's zipfile reads it, but for what is behind a NUL.
  std::string name() const;
  // Whether the bytes of the member are in the archive as they are.
  bool is_stored() const { return method == 0 && !is_encrypted && !is_on_other_disk; }
};

// Where a member is in the file. One behind the other.
struct ZipBody {
  Extent local_header;
  Extent data;
};

// Not thread-safe. All errors are kMalformed with a sentence, or those of SourceFile::read_exactly().
class ZipReader {
 public:
  // Finds the central directory. Nothing is read of the members.
  static Result<std::unique_ptr<ZipReader>> open(std::shared_ptr<const SourceFile> file);

  // How many members there are, as the end of the archive says.
  std::uint64_t count() const { return count_; }

  // Calls `visit` for all members, in the order of the central directory. An error if it does not hold exactly count()
  // members.
  Result<void> visit(const std::function<void(const ZipMember&)>& visit);

  // Where the central directory begins and ends, as far as it was visited.
  Extent directory() const { return directory_; }

  // Reads the record of one member again.
  Result<ZipMember> member(std::uint64_t position);

  // Reads the local header of a member that is_stored(). An error if it does not agree with the central directory, or
  // if the file ends before the data.
  Result<ZipBody> body(const ZipMember& member);

 private:
  struct Close {
    void operator()(unzFile zip) const { unzClose(zip); }
  };

  explicit ZipReader(std::shared_ptr<const SourceFile> file) : stream_(std::move(file)) {}
  // The member whose record minizip is at.
  Result<ZipMember> current();
  // Whether the central directory goes on at this position.
  bool has_record_at(std::uint64_t position);
  // The error of the stream, if there is one; otherwise kMalformed.
  std::unexpected<Error> malformed(std::string sentence) const;

  ZipStream stream_;
  std::unique_ptr<void, Close> zip_;
  std::uint64_t count_ = 0;
  Extent directory_;
  std::uint64_t record_end_ = 0;  // of the record that current() has read
};

}  // namespace npyfs
