#include "fs/kernel/fuse_channel.h"

#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>
#include <vector>

#include "core/base/escape.h"
#include "fs/kernel/exception_guard.h"
#include "fs/kernel/kernel_read_ahead.h"
#include "fs/kernel/request_check.h"
#include "fs/log/log.h"

namespace npyfs {
namespace {

// Not in the kernel headers of Debian 12: include/uapi/linux/fuse.h, protocol 7.39.
constexpr std::uint64_t kDirectIoAllowMmap = std::uint64_t{1} << 36;
constexpr std::uint64_t kInitExtended = FUSE_INIT_EXT;  // flags2 is valid

// Reading mapped pages one after the other, 1 MiB asks for one request at a time: twice as fast as with 128 KiB.
constexpr std::uint64_t kKernelReadAhead = std::uint64_t{1} << 20;

// What a write of a read-only mount might have if there were any. libfuse makes its threads' buffers for requests so
// large, and a header, which leaves room for the 16 KiB of an ioctl. The kernel fills larger ones with forgets, and
// what it touched once stays in use: 1 MiB in all after a million of them.
constexpr unsigned kReadOnlyMaxWrite = 16 << 10;

// Pages a request may have: what the administrator allows, up to the 65,535 that the reply can say. A kernel that has
// no such setting takes 256 at most (FUSE_MAX_MAX_PAGES), whatever is asked for.
std::uint16_t allowed_max_pages() {
  std::ifstream setting("/proc/sys/fs/fuse/max_pages_limit");
  unsigned limit = 256;
  setting >> limit;
  return static_cast<std::uint16_t>(std::clamp(limit, 1u, 65535u));
}

}  // namespace

Result<void> FuseChannel::attach(fuse_session* session, std::string mountpoint) {
  session_ = session;
  mountpoint_ = std::move(mountpoint);
  const fuse_custom_io io = {
      .writev = &write_reply, .read = &read_request, .splice_receive = nullptr, .splice_send = nullptr};
  const int result = fuse_session_custom_io(session, &io, fuse_session_fd(session));
  if (result != 0) return std::unexpected(system_error("session", "fuse_session_custom_io", -result));
  return {};
}

void FuseChannel::choose_capabilities(fuse_conn_info& connection, unsigned max_read, bool writable) const {
  connection.max_read = max_read;
  // Splicing costs more than the copy it saves: 0.3 GiB/s where writing from memory has 6.
  connection.want &= ~unsigned{FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE};
  if (!writable) {
    connection.max_write = kReadOnlyMaxWrite;
    return;
  }
  // With O_TRUNC left to the daemon the kernel takes the file for empty and drops its dirty pages. And it would write
  // back and drop the pages of every mapped view each time it sees the source's new mtime.
  connection.want &= ~unsigned{FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_AUTO_INVAL_DATA};
  // Releases count as background requests, of which the kernel sends 12 at a time by default: they must not queue up
  // behind written pages, since opens wait for them.
  connection.max_background = 1024;
  connection.congestion_threshold = 768;
}

std::string FuseChannel::describe() const {
  return fmt::format("requests of up to {} KiB, files opened for direct I/O can {}be mapped, read-ahead {} KiB",
                     max_request() / 1024, can_map_direct_io() ? "" : "not ", kernel_read_ahead_ / 1024);
}

// Not noexcept: libfuse's threads are cancelled in here, which unwinds the stack.
ssize_t FuseChannel::read_request(int fd, void* buffer, size_t size, void* self) {
  auto& negotiation = *static_cast<FuseChannel*>(self);
  // The kernel fills all the room it is given where it has that many forgets to tell of.
  const ssize_t got = ::read(fd, buffer, room_for_request(size));
  // What Linux 6.18 says at times of a mount that has gone, in place of ENODEV, by which libfuse knows that.
  if (got < 0 && errno == ECONNABORTED) errno = ENODEV;
  if (got > 0) negotiation.count_request(buffer, static_cast<std::size_t>(got));
  if (got >= static_cast<ssize_t>(sizeof(fuse_in_header)) && !make_safe(buffer, static_cast<size_t>(got), size)) {
    negotiation.refuse(buffer);
    errno = EINTR;  // libfuse reads the next one
    return -1;
  }
  if (negotiation.in_init_.load(std::memory_order_relaxed) && got > 0) {
    negotiation.take_init_request(buffer, static_cast<std::size_t>(got));
  }
  return got;
}

// Answers a request that is not whole. Forgets have no answer. Not to be cancelled half-way, nor where it tells of a
// failure: what does that catches whatever is thrown, and to catch a cancellation is to abort.
void FuseChannel::refuse(const void* request) {
  fuse_in_header header;
  std::memcpy(&header, request, sizeof header);
  if (header.opcode == FUSE_FORGET || header.opcode == FUSE_BATCH_FORGET) return;
  int cancelling = PTHREAD_CANCEL_ENABLE;
  (void)::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancelling);
  fuse_out_header reply = {.len = sizeof reply, .error = -EINVAL, .unique = header.unique};
  const iovec piece = {&reply, sizeof reply};
  (void)write(fuse_session_fd(session_), &piece, 1);
  (void)::pthread_setcancelstate(cancelling, nullptr);
}

void FuseChannel::take_init_request(const void* request, std::size_t size) {
  fuse_in_header header;
  fuse_init_in init = {};
  if (size < sizeof header) return;
  std::memcpy(&header, request, sizeof header);
  if (header.opcode != FUSE_INIT) return;
  std::memcpy(&init, static_cast<const char*>(request) + sizeof header, std::min(size - sizeof header, sizeof init));
  init_unique_ = header.unique;
  offered_ = init.flags;
  if ((offered_ & kInitExtended) != 0) offered_ |= std::uint64_t{init.flags2} << 32;
}

void FuseChannel::count_request(const void* request, std::size_t size) {
  fuse_in_header header;
  if (size < sizeof header) return;
  std::memcpy(&header, request, sizeof header);
  metrics.requests.request_came(header);
}

ssize_t FuseChannel::write_reply(int fd, iovec* pieces, int count, void* self) {
  auto& negotiation = *static_cast<FuseChannel*>(self);
  const bool is_init = negotiation.in_init_.load(std::memory_order_relaxed);
  ssize_t written = -1;
  call_guarded(
      [&] {
        written = is_init ? negotiation.write_init_reply(fd, pieces, count)
                          : negotiation.write(fd, pieces, static_cast<std::size_t>(count));
      },
      [&](int error, const char*) { negotiation.end_session(error); });
  note_reply(written < 0 ? errno : 0);
  // Nothing for libfuse to print: reply_failure() tells who wants to know.
  if (written < 0 && errno == EFAULT) errno = ENOENT;
  return written;
}

ssize_t FuseChannel::write_init_reply(int fd, iovec* pieces, int count) {
  fuse_out_header header;
  fuse_init_out reply;
  const bool is_init = count == 2 && pieces[0].iov_len == sizeof header && pieces[1].iov_len == sizeof reply;
  if (is_init) std::memcpy(&header, pieces[0].iov_base, sizeof header);
  if (!is_init || header.unique != init_unique_ || header.error != 0) {
    return write(fd, pieces, static_cast<std::size_t>(count));
  }
  std::memcpy(&reply, pieces[1].iov_base, sizeof reply);
  edit_init_reply(reply);
  std::array<iovec, 2> edited = {iovec{&header, sizeof header}, iovec{&reply, sizeof reply}};
  in_init_ = false;
  const ssize_t written = write(fd, edited.data(), edited.size());
  kernel_read_ahead_ = raise_kernel_read_ahead(mountpoint_, kKernelReadAhead);
  return written;
}

// A reply that cannot be delivered leaves its reader waiting for ever, so that the session ends instead. ENOENT is no
// such case: the request is gone, since its caller was killed. Nor is EFAULT: the kernel has answered with EIO.
void FuseChannel::end_session(int error) noexcept {
  failure_ = error;
  fuse_session_exit(session_);
  const auto message = [&] {
    log(LogLevel::kError, "{}: a reply cannot be written ({}), so the mount ends", escaped(mountpoint_),
        std::generic_category().message(error));
  };
  call_guarded(message, [](int, const char*) { log_line(LogLevel::kError, "out of memory, so the mount ends"); });
  errno = error;
}

ssize_t FuseChannel::write(int fd, const iovec* pieces, std::size_t count) {
  fuse_out_header counted;
  std::memcpy(&counted, pieces[0].iov_base, sizeof counted);
  RequestMetrics::Answer answer(metrics.requests, counted);
  ssize_t written;
  do {
    written = ::writev(fd, pieces, static_cast<int>(count));
  } while (written < 0 && errno == EINTR);
  if (written < 0 && errno == EFAULT) answer.failed(EIO);  // which is what the kernel has told the caller
  if (written >= 0 || errno == ENOENT || errno == EFAULT) return written;
  const int error = errno;
  fuse_out_header header;
  std::memcpy(&header, pieces[0].iov_base, sizeof header);
  if (header.unique != 0) end_session(error);  // 0: a notice, for which nobody waits
  errno = error;
  return written;
}

// Not by libfuse's fuse_lowlevel_notify_store, which copies what is in more than one piece: looking at a mapping may
// raise SIGBUS.
void FuseChannel::store_pages(std::uint64_t node, std::span<const iovec> pieces, std::uint64_t size) {
  fuse_notify_store_out notice = {};
  notice.nodeid = node;
  notice.size = static_cast<std::uint32_t>(size);
  std::vector<iovec> body = {{&notice, sizeof notice}};
  body.insert(body.end(), pieces.begin(), pieces.end());
  notify(FUSE_NOTIFY_STORE, body);
}

void FuseChannel::expire_attributes(std::uint64_t node) {
  fuse_notify_inval_inode_out notice = {.ino = node, .off = -1, .len = 0};  // off < 0: no pages
  const iovec body = {&notice, sizeof notice};
  notify(FUSE_NOTIFY_INVAL_INODE, {&body, 1});
}

// What fails is of no interest: the kernel does not know what it is told of, or is not there any more.
void FuseChannel::notify(int code, std::span<const iovec> body) {
  fuse_out_header header = {.len = sizeof header, .error = code, .unique = 0};  // unique 0 makes it a notice
  std::vector<iovec> message = {{&header, sizeof header}};
  message.insert(message.end(), body.begin(), body.end());
  for (const iovec& piece : body) header.len += static_cast<std::uint32_t>(piece.iov_len);
  (void)write(fuse_session_fd(session_), message.data(), message.size());
}

void FuseChannel::edit_init_reply(fuse_init_out& reply) {
  if ((offered_ & FUSE_MAX_PAGES) != 0) {
    reply.flags |= FUSE_MAX_PAGES;
    reply.max_pages = allowed_max_pages();
    max_request_ = std::uint64_t{reply.max_pages} * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  } else {
    max_request_ = std::uint64_t{128} * 1024;  // 32 pages, before Linux 4.20
  }
  if ((offered_ & kDirectIoAllowMmap) != 0) {
    reply.flags |= static_cast<std::uint32_t>(kInitExtended);
    reply.flags2 |= static_cast<std::uint32_t>(kDirectIoAllowMmap >> 32);
    can_map_direct_io_ = true;
  }
}

}  // namespace npyfs
