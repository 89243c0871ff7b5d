#include "fs/kernel/init_negotiation.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <fstream>

#include "fs/kernel/backing_files.h"
#include "fs/kernel/kernel_read_ahead.h"

namespace npyfs {
namespace {

// Not in the kernel headers of Debian 12: include/uapi/linux/fuse.h, protocol 7.39.
constexpr std::uint64_t kDirectIoAllowMmap = std::uint64_t{1} << 36;
constexpr std::uint64_t kInitExtended = FUSE_INIT_EXT;  // flags2 is valid

// With 1 MiB, reading mapped pages in sequence is twice as fast as with 128 KiB: each request is for 1 MiB.
constexpr std::uint64_t kKernelReadAhead = std::uint64_t{1} << 20;

// The largest WRITE of a read-only mount, in bytes, though it gets none. libfuse gives each thread a request buffer of
// this size and a header; 16 KiB leave room for an ioctl. The kernel fills larger buffers with forgets, and memory that
// was touched once stays in use: 1 MiB in all after a million forgets.
constexpr unsigned kReadOnlyMaxWrite = 16 << 10;

// How many pages a request may have: what the administrator allows, up to the 65,535 that fit into the reply. A kernel
// without this setting takes 256 at most (FUSE_MAX_MAX_PAGES), whatever the reply says.
std::uint16_t allowed_max_pages() {
  std::ifstream setting("/proc/sys/fs/fuse/max_pages_limit");
  unsigned limit = 256;
  setting >> limit;
  return static_cast<std::uint16_t>(std::clamp(limit, 1u, 65535u));
}

// Older kernel headers have no name for this member.
void set_max_stack_depth(fuse_init_out& reply, std::uint32_t depth) {
  constexpr std::size_t kOffset = offsetof(fuse_init_out, flags2) + sizeof reply.flags2;
  std::memcpy(reinterpret_cast<std::byte*>(&reply) + kOffset, &depth, sizeof depth);
}

}  // namespace

void choose_capabilities(fuse_conn_info& connection, unsigned max_read, bool writable) {
  connection.max_read = max_read;
  // Splicing costs more than the copy it saves: 0.3 GiB/s, where writing from memory has 6.
  connection.want &= ~unsigned{FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE};
  if (!writable) {
    connection.max_write = kReadOnlyMaxWrite;
    return;
  }
  // ATOMIC_O_TRUNC leaves O_TRUNC to the daemon: the kernel then takes the file to be empty and drops its dirty pages.
  // AUTO_INVAL_DATA has the kernel write back and drop the pages of every mapped view each time it sees a new mtime of
  // the source.
  connection.want &= ~unsigned{FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_AUTO_INVAL_DATA};
  // Releases count as background requests, of which the kernel sends 12 at a time by default. They must not queue up
  // behind written pages, since opens wait for releases.
  connection.max_background = 1024;
  connection.congestion_threshold = 768;
}

void InitNegotiation::see_request(std::span<const std::byte> request) {
  fuse_in_header header;
  fuse_init_in init = {};
  if (request.size() < sizeof header) return;
  std::memcpy(&header, request.data(), sizeof header);
  if (header.opcode != FUSE_INIT) return;
  const auto body = request.subspan(sizeof header);
  std::memcpy(&init, body.data(), std::min(body.size(), sizeof init));
  unique_ = header.unique;
  offered_ = init.flags;
  if ((offered_ & kInitExtended) != 0) offered_ |= std::uint64_t{init.flags2} << 32;
}

std::optional<InitNegotiation::Reply> InitNegotiation::edited(std::span<const iovec> reply) {
  Reply edited;
  if (reply.size() != 2 || reply[0].iov_len != sizeof edited.header || reply[1].iov_len != sizeof edited.body) {
    return std::nullopt;
  }
  std::memcpy(&edited.header, reply[0].iov_base, sizeof edited.header);
  if (edited.header.unique != unique_ || edited.header.error != 0) return std::nullopt;
  std::memcpy(&edited.body, reply[1].iov_base, sizeof edited.body);
  edit(edited.body);
  is_done_ = true;
  return edited;
}

void InitNegotiation::edit(fuse_init_out& reply) {
  if ((offered_ & FUSE_MAX_PAGES) != 0) {
    reply.flags |= FUSE_MAX_PAGES;
    reply.max_pages = allowed_max_pages();
    max_request_ = std::uint64_t{reply.max_pages} * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  } else {
    max_request_ = std::uint64_t{128} * 1024;  // 32 pages, before Linux 4.20
  }
  can_omit_opens_ = (offered_ & FUSE_NO_OPEN_SUPPORT) != 0;
  if ((offered_ & kDirectIoAllowMmap) != 0) {
    reply.flags |= static_cast<std::uint32_t>(kInitExtended);
    reply.flags2 |= static_cast<std::uint32_t>(kDirectIoAllowMmap >> 32);
    can_map_direct_io_ = true;
  }
  if ((offered_ & kInitPassthrough) != 0 && may_open_backing_files()) {
    reply.flags |= static_cast<std::uint32_t>(kInitExtended);
    reply.flags2 |= static_cast<std::uint32_t>(kInitPassthrough >> 32);
    set_max_stack_depth(reply, kMaxStackDepth);
    has_passthrough_ = true;
  }
}

void InitNegotiation::raise_read_ahead(const std::string& mountpoint) {
  kernel_read_ahead_ = raise_kernel_read_ahead(mountpoint, kKernelReadAhead);
}

std::string InitNegotiation::describe() const {
  return fmt::format("requests of up to {} KiB, files opened for direct I/O can {}be mapped, read-ahead {} KiB",
                     max_request() / 1024, can_map_direct_io() ? "" : "not ", kernel_read_ahead_ / 1024);
}

}  // namespace npyfs
