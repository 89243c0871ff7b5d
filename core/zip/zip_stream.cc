#include "core/zip/zip_stream.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace npyfs {
namespace {

constexpr std::size_t kDirectoryBlock = std::size_t{64} << 10;
constexpr std::size_t kMemberBlock = std::size_t{4} << 10;

}  // namespace

ZipStream::ZipStream(std::shared_ptr<const SourceFile> file) : file_(std::move(file)), block_(kDirectoryBlock) {}

zlib_filefunc64_def ZipStream::functions() {
  return {.zopen64_file = open,
          .zread_file = read,
          .zwrite_file = write,
          .ztell64_file = tell,
          .zseek64_file = seek,
          .zclose_file = close,
          .zerror_file = has_error,
          .opaque = this};
}

void ZipStream::read_here_and_there() {
  filled_ = 0;
  block_.resize(kMemberBlock);
  block_.shrink_to_fit();
}

bool ZipStream::read_at(std::uint64_t offset, std::span<std::byte> bytes) noexcept {
  position_ = offset;
  return read(this, this, bytes.data(), bytes.size()) == bytes.size();
}

voidpf ZipStream::open(voidpf opaque, const void*, int) {
  static_cast<ZipStream*>(opaque)->position_ = 0;
  return opaque;
}

uLong ZipStream::read(voidpf, voidpf stream, void* to, uLong size) {
  auto& self = *static_cast<ZipStream*>(stream);
  uLong done = 0;
  while (done < size) {
    const bool is_in_block = self.position_ >= self.begin_ && self.position_ - self.begin_ < self.filled_;
    if (!is_in_block && !self.fill()) break;
    const std::size_t at = self.position_ - self.begin_;
    const std::size_t part = std::min<std::size_t>(size - done, self.filled_ - at);
    std::memcpy(static_cast<std::byte*>(to) + done, &self.block_[at], part);
    done += part;
    self.position_ += part;
  }
  return done;
}

bool ZipStream::fill() noexcept {
  filled_ = 0;
  if (error_ || position_ >= file_->size()) return false;
  const std::size_t size = std::min<std::uint64_t>(block_.size(), file_->size() - position_);
  if (auto read = file_->read_exactly(block_.data(), size, position_); !read) {
    error_ = std::move(read.error());
    return false;
  }
  begin_ = position_;
  filled_ = size;
  return true;
}

uLong ZipStream::write(voidpf, voidpf, const void*, uLong) {
  return 0;
}

ZPOS64_T ZipStream::tell(voidpf, voidpf stream) {
  return static_cast<const ZipStream*>(stream)->position_;
}

// An offset from the position may be negative, as an unsigned number that wraps around. A read at a position beyond the
// end gets nothing.
long ZipStream::seek(voidpf, voidpf stream, ZPOS64_T offset, int origin) {
  auto& self = *static_cast<ZipStream*>(stream);
  if (origin == ZLIB_FILEFUNC_SEEK_CUR) offset += self.position_;
  if (origin == ZLIB_FILEFUNC_SEEK_END) offset += self.file_->size();
  if (offset > self.file_->size()) return -1;
  self.position_ = offset;
  return 0;
}

int ZipStream::close(voidpf, voidpf) {
  return 0;
}

// minizip asks after a byte was not read. Without an error it would take what lies behind the end of the file for
// zeros.
int ZipStream::has_error(voidpf, voidpf stream) {
  const auto& self = *static_cast<const ZipStream*>(stream);
  return self.error_ || self.position_ >= self.file_->size() ? 1 : 0;
}

}  // namespace npyfs
