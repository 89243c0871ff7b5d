#include "fs/kernel/fuse_channel.h"

#include <linux/fuse.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "core/base/escape.h"
#include "fs/kernel/current_request.h"
#include "fs/kernel/exception_guard.h"
#include "fs/kernel/request_check.h"
#include "fs/log/log.h"

namespace npyfs {
namespace {

fuse_out_header header_of(std::span<const iovec> message) {
  fuse_out_header header;
  std::memcpy(&header, message[0].iov_base, sizeof header);
  return header;
}

}  // namespace

Result<void> FuseChannel::attach(fuse_session* session, const fuse_custom_io& io, std::string mountpoint) {
  session_ = session;
  mountpoint_ = std::move(mountpoint);
  const int result = fuse_session_custom_io(session, &io, fuse_session_fd(session));
  if (result != 0) return std::unexpected(system_error("session", "fuse_session_custom_io", -result));
  return {};
}

ssize_t FuseChannel::read_request(int fd, void* buffer, std::size_t size) {
  // The kernel fills the whole buffer if it has that many forgets to send.
  const ssize_t got = ::read(fd, buffer, room_for_request(size));
  // Linux 6.18 sometimes reports a mount that has gone as ECONNABORTED. libfuse knows ENODEV only.
  if (got < 0 && errno == ECONNABORTED) errno = ENODEV;
  if (got <= 0) return got;
  const auto bytes = static_cast<std::size_t>(got);
  fuse_in_header header;
  if (bytes >= sizeof header) {
    std::memcpy(&header, buffer, sizeof header);
    begin_request(header);
    requests_.count_request(header.opcode);
    if (!make_safe(buffer, bytes, size)) {
      refuse(header);
      errno = EINTR;  // libfuse reads the next one
      return -1;
    }
  }
  if (!negotiation_.is_done()) negotiation_.see_request({static_cast<const std::byte*>(buffer), bytes});
  return got;
}

// Answers a request that is not whole. Forgets have no answer. Cancellation is disabled meanwhile: it must not cut the
// reply short, and end_session() calls code under a catch (...), which would swallow the cancellation: glibc then
// aborts.
void FuseChannel::refuse(const fuse_in_header& request) {
  if (request.opcode == FUSE_FORGET || request.opcode == FUSE_BATCH_FORGET) return;
  int cancelling = PTHREAD_CANCEL_ENABLE;
  (void)::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancelling);
  fuse_out_header reply = {.len = sizeof reply, .error = -EINVAL, .unique = request.unique};
  const iovec piece = {&reply, sizeof reply};
  (void)write(fuse_session_fd(session_), {&piece, 1});
  (void)::pthread_setcancelstate(cancelling, nullptr);
}

ssize_t FuseChannel::write_reply(int fd, std::span<const iovec> reply) {
  ssize_t written = -1;
  call_guarded([&] { written = negotiation_.is_done() ? write(fd, reply) : write_init_reply(fd, reply); },
               [&](int error, const char*) { end_session(error); });
  note_reply(header_of(reply).unique, written < 0 ? errno : 0);
  if (written < 0 && errno == EFAULT) errno = ENOENT;
  return written;
}

ssize_t FuseChannel::write_init_reply(int fd, std::span<const iovec> reply) {
  auto edited = negotiation_.edited(reply);
  if (!edited) return write(fd, reply);
  static_assert(sizeof *edited == sizeof edited->header + sizeof edited->body);
  const iovec piece = {&*edited, sizeof *edited};
  const ssize_t written = write(fd, {&piece, 1});
  const int error = errno;
  negotiation_.raise_read_ahead(mountpoint_);
  errno = error;
  return written;
}

ssize_t FuseChannel::write(int fd, std::span<const iovec> message) {
  const fuse_out_header header = header_of(message);
  RequestMetrics::Answer answer(requests_, header);
  ssize_t written;
  do {
    written = ::writev(fd, message.data(), static_cast<int>(message.size()));
  } while (written < 0 && errno == EINTR);
  if (written < 0 && errno == EFAULT) answer.failed(EIO);  // which is what the kernel has told the caller
  if (written >= 0 || errno == ENOENT || errno == EFAULT) return written;
  if (header.unique != 0) end_session(errno);  // 0: a notice, for which nobody waits
  return written;
}

void FuseChannel::write_notice(std::span<const iovec> notice) {
  (void)write(fuse_session_fd(session_), notice);
}

// Leaves `error` in errno.
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

}  // namespace npyfs
