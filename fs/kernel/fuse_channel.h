// The way of requests in and of replies and notices out: libfuse reads and writes /dev/fuse through FuseChannel.
#pragma once

#include <fuse_lowlevel.h>
#include <sys/uio.h>

#include <atomic>
#include <cstddef>
#include <span>
#include <string>

#include "core/base/error.h"
#include "fs/kernel/init_negotiation.h"
#include "fs/kernel/request_metrics.h"

namespace npyfs {

// Thread-safe once attached.
class FuseChannel {
 public:
  // Passes the INIT request and its reply to `negotiation`, and counts all requests and replies in `requests`. Both
  // must outlive it.
  FuseChannel(InitNegotiation& negotiation, RequestMetrics& requests)
      : negotiation_(negotiation), requests_(requests) {}

  // Has libfuse read and write by the functions of `io`, which must call read_request() and write_reply() of this
  // channel. Not in the constructor: the owner of the channel must exist before there is a session. To be called once,
  // after the mount and before the loop. `mountpoint` is an absolute path.
  Result<void> attach(fuse_session* session, const fuse_custom_io& io, std::string mountpoint);

  // As read(2), for one request, which is made safe to unpack. From then on this thread works at it (CurrentRequest).
  // Not noexcept: libfuse cancels its threads in here, which unwinds the stack.
  ssize_t read_request(int fd, void* buffer, std::size_t size);

  // As writev(2), for one reply, a fuse_out_header first. A reply that cannot be written ends the session, since its
  // caller would wait for ever. Two errors do not: ENOENT (the request is gone, since its caller was
  // killed) and EFAULT (a mapped page could not be read, and the kernel has told the caller EIO). EFAULT is returned as
  // ENOENT, the one error that libfuse does not print; CurrentRequest has the error as it was.
  ssize_t write_reply(int fd, std::span<const iovec> reply);

  // Writes one notice, a fuse_out_header with unique 0 first. Errors are ignored: either the kernel does not know the
  // node, or the mount has gone.
  void write_notice(std::span<const iovec> notice);

  // The descriptor of the session.
  int connection() const { return fuse_session_fd(session_); }

  // The errno with which writing a reply failed, and by that ended the session; 0 if none has.
  int failure() const { return failure_; }

 private:
  void refuse(const fuse_in_header& request);
  ssize_t write_init_reply(int fd, std::span<const iovec> reply);
  ssize_t write(int fd, std::span<const iovec> message);
  void end_session(int error) noexcept;

  InitNegotiation& negotiation_;
  RequestMetrics& requests_;
  std::atomic<int> failure_ = 0;
  std::string mountpoint_;
  fuse_session* session_ = nullptr;
};

}  // namespace npyfs
