#include "fs/kernel/request_check.h"

#include <linux/fuse.h>

#include <cstdint>
#include <cstring>
#include <string_view>

namespace npyfs {
namespace {

// Bytes: at least the largest structure of a request (fuse_setattr_in, 88 bytes), and at least two empty strings.
constexpr std::size_t kZeros = 128;

// The first bytes as a T; bytes that are missing are zeros.
template <typename T>
T start_of(std::string_view bytes) {
  T structure = {};
  std::memcpy(&structure, bytes.data(), bytes.size() < sizeof structure ? bytes.size() : sizeof structure);
  return structure;
}

// How many bytes `body` must have to hold all that it counts.
std::uint64_t needed_by(std::uint32_t opcode, std::string_view body) {
  switch (opcode) {
    case FUSE_BATCH_FORGET:
      return sizeof(fuse_batch_forget_in) +
             std::uint64_t{start_of<fuse_batch_forget_in>(body).count} * sizeof(fuse_forget_one);
    case FUSE_WRITE:
      return sizeof(fuse_write_in) + std::uint64_t{start_of<fuse_write_in>(body).size};
    default:
      return 0;
  }
}

}  // namespace

std::size_t room_for_request(std::size_t capacity) {
  return capacity < kZeros ? 0 : capacity - kZeros;
}

bool make_safe(void* request, std::size_t size, std::size_t capacity) {
  fuse_in_header header;
  if (size < sizeof header || size > room_for_request(capacity)) return false;
  auto* bytes = static_cast<char*>(request);
  std::memset(bytes + size, 0, kZeros);
  std::memcpy(&header, bytes, sizeof header);
  if (header.len != size) return false;
  const std::string_view body(bytes + sizeof header, size - sizeof header);
  return needed_by(header.opcode, body) <= body.size();
}

}  // namespace npyfs
