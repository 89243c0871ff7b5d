#include "core/zip/zip_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/utf8.h"
#include "core/zip/cp437.h"

namespace npyfs {
namespace {

// APPNOTE.TXT of PKWARE, 4.3.7, 4.3.12 and 4.3.16: sizes of records without what has a variable length, in bytes.
constexpr std::size_t kLocalHeader = 30;
constexpr std::size_t kRecord = 46;
constexpr std::size_t kEnd = 22;
constexpr std::size_t kLongestComment = 0xFFFF;
constexpr std::string_view kLocalMagic = "PK\3\4";
constexpr std::string_view kRecordMagic = "PK\1\2";
constexpr std::string_view kEndMagic = "PK\5\6";
// In a field of 4 bytes: the value is in the extra field kZip64.
constexpr std::uint32_t kElsewhere = 0xFFFF'FFFF;
constexpr std::uint64_t kZip64 = 1;

constexpr uLong kEncryptedFlag = 1;
constexpr uLong kSizesBehindFlag = 1u << 3;
constexpr uLong kUtf8Flag = 1u << 11;

std::string_view text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Numbers are little-endian and not aligned. `size` is at most 8.
std::uint64_t number(std::span<const std::byte> bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(bytes[at + i]);
  return value;
}

// The numbers of a record that may be in its extra field. minizip does not tell the offset, and before version 1.2.12
// (Debian 12 has 1.1) it does not find the sizes there on systems whose long has 64 bits.
struct Numbers {
  std::uint64_t size;
  std::uint64_t packed_size;
  std::uint64_t header_offset;
};

bool is_zip64(std::span<const std::byte> record) {
  return number(record, 20, 4) == kElsewhere || number(record, 24, 4) == kElsewhere ||
         number(record, 42, 4) == kElsewhere;
}

// Those that `extra` lacks are left as they are: body() then finds that they are wrong.
Numbers numbers(std::span<const std::byte> record, std::span<const std::byte> extra) {
  Numbers found{number(record, 24, 4), number(record, 20, 4), number(record, 42, 4)};
  while (extra.size() >= 4 && number(extra, 0, 2) != kZip64) {
    extra = extra.subspan(std::min<std::size_t>(4 + number(extra, 2, 2), extra.size()));
  }
  if (extra.size() < 4) return found;
  extra = extra.subspan(4, std::min<std::size_t>(number(extra, 2, 2), extra.size() - 4));
  for (std::uint64_t* value : {&found.size, &found.packed_size, &found.header_offset}) {
    if (*value != kElsewhere || extra.size() < 8) continue;
    *value = number(extra, 0, 8);
    extra = extra.subspan(8);
  }
  return found;
}

// Whether a local header, as far as its extra field, says what the central directory does.
bool agrees(std::span<const std::byte> header, const ZipMember& member) {
  const auto is = [&](std::size_t at, std::uint64_t value) {
    const std::uint64_t found = number(header, at, 4);
    return found == value || found == kElsewhere;
  };
  if (number(header, 8, 2) != member.method || number(header, 26, 2) != member.raw_name.size()) return false;
  if (member.has_sizes_behind) return true;
  return number(header, 14, 4) == member.checksum && is(18, member.packed_size) && is(22, member.size);
}

// minizip before version 1.2.12 finds no end that begins with the file.
bool is_without_members(ZipStream& stream) {
  std::array<std::byte, kEnd> end = {};
  const bool is_end = stream.read_at(0, end) && text(end).substr(0, 4) == kEndMagic;
  return is_end && number(end, 20, 2) == stream.file().size() - kEnd &&
         text(end).substr(4, 16).find_first_not_of('\0') == std::string_view::npos;
}

// Why minizip finds no central directory.
std::string why_no_directory(ZipStream& stream) {
  const std::uint64_t size = stream.file().size();
  if (size == 0) return "the archive is empty: not even its end is there";
  std::vector<std::byte> tail(std::min<std::uint64_t>(size, kEnd + kLongestComment));
  (void)stream.read_at(size - tail.size(), tail);
  const std::size_t end = text(tail).rfind(kEndMagic);
  if (end == std::string_view::npos || tail.size() - end < kEnd) {
    return "the archive has no end record: it was cut off, or is no zip archive";
  }
  if (number(tail, end + 4, 2) != 0 || number(tail, end + 6, 2) != 0) {
    return "the archive is one part of a split archive; all parts have to be joined first (zip -s 0)";
  }
  return "the end of the archive does not say where its central directory is: it is damaged";
}

}  // namespace

std::string ZipMember::name() const {
  return is_utf8 || is_ascii(raw_name) ? raw_name : cp437_decoded(raw_name);
}

Result<std::unique_ptr<ZipReader>> ZipReader::open(std::shared_ptr<const SourceFile> file) {
  std::unique_ptr<ZipReader> reader(new ZipReader(std::move(file)));
  auto functions = reader->stream_.functions();
  reader->zip_.reset(unzOpen2_64(nullptr, &functions));
  unz_global_info64 info = {};
  if (!reader->zip_ && is_without_members(reader->stream_)) return reader;
  if (!reader->zip_ || unzGetGlobalInfo64(reader->zip_.get(), &info) != UNZ_OK) {
    return reader->malformed(why_no_directory(reader->stream_));
  }
  reader->count_ = info.number_entry;
  return reader;
}

std::unexpected<Error> ZipReader::malformed(std::string sentence) const {
  if (stream_.error()) return std::unexpected(*stream_.error());
  return std::unexpected(Error{ErrorKind::kMalformed, stream_.file().path(), std::move(sentence)});
}

Result<void> ZipReader::visit(const std::function<void(const ZipMember&)>& visit) {
  for (std::uint64_t i = 0; i < count_; ++i) {
    const int moved = i == 0 ? unzGoToFirstFile(zip_.get()) : unzGoToNextFile(zip_.get());
    if (moved != UNZ_OK) {
      return malformed(fmt::format(
          "the central directory of the archive is damaged: of {} members, the record of member {} cannot be read",
          count_, i));
    }
    const auto member = current();
    if (!member) return std::unexpected(member.error());
    if (i == 0) directory_.offset = member->position;
    directory_.size = record_end_ - directory_.offset;
    visit(*member);
  }
  if (directory_.end() > stream_.file().size()) {
    return malformed("the last record of the central directory of the archive goes beyond its end: it is damaged");
  }
  if (count_ > 0 && has_record_at(directory_.end())) {
    return malformed(
        fmt::format("the central directory of the archive goes on behind its {} members: it is damaged", count_));
  }
  stream_.read_here_and_there();
  return {};
}

bool ZipReader::has_record_at(std::uint64_t position) {
  std::array<std::byte, kRecordMagic.size()> magic = {};
  return stream_.read_at(position, magic) && text(magic) == kRecordMagic;
}

Result<ZipMember> ZipReader::current() {
  unz64_file_pos position = {};
  unz_file_info64 info = {};
  std::array<std::byte, kRecord> record = {};
  const bool is_read = unzGetFilePos64(zip_.get(), &position) == UNZ_OK &&
                       unzGetCurrentFileInfo64(zip_.get(), &info, nullptr, 0, nullptr, 0, nullptr, 0) == UNZ_OK &&
                       stream_.read_at(position.pos_in_zip_directory, record);
  // minizip adds what is in front of the archive to all its positions.
  if (is_read && (text(record).substr(0, 4) != kRecordMagic || number(record, 16, 4) != info.crc)) {
    return malformed(
        "the archive does not begin where the file begins: other bytes are in front of it, or it is damaged");
  }
  std::string name(is_read ? info.size_filename : 0, '\0');
  std::vector<std::byte> extra(is_read && is_zip64(record) ? info.size_file_extra : 0);
  if (!is_read || unzGetCurrentFileInfo64(zip_.get(), nullptr, name.data(), name.size(), extra.data(), extra.size(),
                                          nullptr, 0) != UNZ_OK) {
    return malformed("a record of the central directory of the archive cannot be read: it is damaged");
  }
  record_end_ =
      position.pos_in_zip_directory + kRecord + info.size_filename + info.size_file_extra + info.size_file_comment;
  const Numbers found = numbers(record, extra);
  return ZipMember{.raw_name = std::move(name),
                   .is_utf8 = (info.flag & kUtf8Flag) != 0,
                   .is_encrypted = (info.flag & kEncryptedFlag) != 0,
                   .has_sizes_behind = (info.flag & kSizesBehindFlag) != 0,
                   .is_on_other_disk = info.disk_num_start != 0,
                   .method = static_cast<unsigned>(info.compression_method),
                   .checksum = static_cast<std::uint32_t>(info.crc),
                   .size = found.size,
                   .packed_size = found.packed_size,
                   .position = position.pos_in_zip_directory,
                   .header_offset = found.header_offset};
}

Result<ZipMember> ZipReader::member(std::uint64_t position) {
  const unz64_file_pos at{position, 0};
  if (unzGoToFilePos64(zip_.get(), &at) != UNZ_OK) {
    return malformed("a record of the central directory of the archive cannot be read: it is damaged");
  }
  return current();
}

Result<ZipBody> ZipReader::body(const ZipMember& member) {
  std::vector<std::byte> header(kLocalHeader + member.raw_name.size());
  if (!stream_.read_at(member.header_offset, header) || text(header).substr(0, 4) != kLocalMagic) {
    return malformed("its local header is not where the central directory says");
  }
  if (!agrees(header, member)) return malformed("its local header says something else than the central directory");
  if (text(header).substr(kLocalHeader) != member.raw_name) {
    return malformed("its local header has another name than the central directory");
  }
  const std::uint64_t begin = member.header_offset + header.size() + number(header, 28, 2);
  const std::uint64_t size = stream_.file().size();
  if (begin > size || member.packed_size > size - begin) {
    return malformed(fmt::format("it has {} bytes from byte {} on by the central directory, and the archive ends at {}",
                                 member.packed_size, begin, size));
  }
  if (member.packed_size != member.size) {
    return malformed(
        fmt::format("it claims to hold {} bytes, of which {} are stored", member.size, member.packed_size));
  }
  return ZipBody{{member.header_offset, begin - member.header_offset}, {begin, member.packed_size}};
}

}  // namespace npyfs
