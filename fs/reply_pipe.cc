#include "fs/reply_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>

namespace npyfs {
namespace {

// Below, two system calls for one take longer than the pages do.
constexpr std::size_t kLeastSize = std::size_t{256} << 10;

std::size_t page_size() {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

std::size_t pages_of(const iovec& piece) {
  const auto start = std::bit_cast<std::uintptr_t>(piece.iov_base) % page_size();
  return (start + piece.iov_len + page_size() - 1) / page_size();
}

}  // namespace

void ReplyPipe::open() {
  read_end_.close();
  write_end_.close();
  std::array<int, 2> ends = {};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;
  read_end_ = UniqueFd(ends[0]);
  write_end_ = UniqueFd(ends[1]);
  const auto bytes = static_cast<int>(kPages * page_size());
  if (::fcntl(write_end_.get(), F_SETPIPE_SZ, bytes) >= bytes) return;
  read_end_.close();
  write_end_.close();
}

bool ReplyPipe::send(int device, std::span<const iovec> pieces) {
  std::size_t size = 0;
  std::size_t pages = 0;
  for (const iovec& piece : pieces) {
    size += piece.iov_len;
    pages += pages_of(piece);
  }
  if (size < kLeastSize || pages > kPages) return false;
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock || !write_end_) return false;
  if (fill(pieces, size) && ::splice(read_end_.get(), nullptr, device, nullptr, size, 0) > 0) return true;
  open();  // what is left in it goes with the old one
  return false;
}

// All of them fit, so that a call which takes fewer has met a page that cannot be had (of a truncated file, say).
bool ReplyPipe::fill(std::span<const iovec> pieces, std::size_t size) {
  const ssize_t filled = ::vmsplice(write_end_.get(), pieces.data(), pieces.size(), SPLICE_F_NONBLOCK);
  return filled >= 0 && static_cast<std::size_t>(filled) == size;
}

}  // namespace npyfs
